#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace guichet {

// Writes sentencepiece models by hand: the serialised ModelProto of a few pieces. Without a
// normalisation table text stays as it is but for spaces.
struct SentencePieceFile {
  enum class Type { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4 };
  enum class Algorithm { kUnigram = 1, kBpe = 2 };
  struct Piece {
    std::string text;
    float score = 0;
    Type type = Type::kNormal;
  };

  std::vector<Piece> pieces;
  Algorithm algorithm = Algorithm::kBpe;
  bool add_dummy_prefix = true;
  std::string normalization_table = {};

  std::string Serialize() const {
    std::string model;
    for (const Piece& piece : pieces) {
      std::string message = Field(1, piece.text);
      message += '\x15';  // field 2, 32 bits
      char score[sizeof(float)];
      std::memcpy(score, &piece.score, sizeof(score));
      message.append(score, sizeof(score));
      message += Number(3, static_cast<int>(piece.type));
      model += Field(1, message);
    }
    model += Field(2, Number(3, static_cast<int>(algorithm)));
    std::string normalizer = Number(3, add_dummy_prefix ? 1 : 0);
    if (!normalization_table.empty()) normalizer += Field(2, normalization_table);
    model += Field(3, normalizer);
    return model;
  }

  // The smallest model that BarthezTokenizer takes, with pieces for "▁", "a", "b", "▁a", "ab".
  static SentencePieceFile Small() {
    return {.pieces = {{"<s>", 0, Type::kControl},
                       {"<pad>", 0, Type::kControl},
                       {"</s>", 0, Type::kControl},
                       {"<unk>", 0, Type::kUnknown},
                       {"▁a", -1, Type::kNormal},
                       {"ab", -2, Type::kNormal},
                       {"▁", -3, Type::kNormal},
                       {"a", -4, Type::kNormal},
                       {"b", -5, Type::kNormal}}};
  }

 private:
  static std::string Varint(std::size_t value) {
    std::string bytes;
    for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
    return bytes += static_cast<char>(value);
  }
  static std::string Field(std::size_t number, std::string_view contents) {
    return Varint(number << 3 | 2) + Varint(contents.size()) + std::string(contents);
  }
  static std::string Number(std::size_t number, int value) {
    return Varint(number << 3) + Varint(static_cast<std::size_t>(value));
  }
};

}  // namespace guichet
