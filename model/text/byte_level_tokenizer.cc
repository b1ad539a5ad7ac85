#include "model/text/byte_level_tokenizer.h"

#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/text/byte_level_split.h"
#include "model/text/tokenizer_files.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

using Json = nlohmann::json;

// The real files have 0.9 and 0.5 MB.
constexpr std::size_t kMaxFileBytes = std::size_t{64} << 20;

absl::Status InFile(const std::filesystem::path& path, const absl::Status& status) {
  return absl::InvalidArgumentError(
      fmt::format("{}: {}", path.string(), std::string(status.message())));
}

// The vocabulary's strings by id. The ids must be 0 to n - 1, each once.
absl::StatusOr<std::vector<std::string>> ParseVocabulary(const std::string& text) {
  const JsonLimits limits{.max_bytes = kMaxFileBytes, .max_values = 1'000'000, .max_depth = 1};
  GUICHET_ASSIGN_OR_RETURN(const Json vocabulary, ParseStrictJson(text, limits));
  if (!vocabulary.is_object()) return absl::InvalidArgumentError("not a JSON object");
  std::vector<std::string> pieces(vocabulary.size());
  std::vector<bool> seen(vocabulary.size(), false);
  for (const auto& [piece, id] : vocabulary.items()) {
    const bool fits = id.is_number_unsigned() && id.get<std::size_t>() < pieces.size();
    if (!fits || seen[id.get<std::size_t>()]) {
      return absl::InvalidArgumentError(
          fmt::format("the id of \"{}\" is {}: ids must be 0 to {}, each once", piece, id.dump(),
                      pieces.size() - 1));
    }
    seen[id.get<std::size_t>()] = true;
    pieces[id.get<std::size_t>()] = piece;
  }
  return pieces;
}

absl::StatusOr<std::vector<std::string>> BytesOfPieces(const std::vector<std::string>& pieces) {
  std::vector<std::string> bytes;
  bytes.reserve(pieces.size());
  for (const std::string& piece : pieces) {
    std::optional<std::string> decoded = BytesOfCharacters(piece);
    if (!decoded.has_value()) {
      return absl::InvalidArgumentError(
          fmt::format("\"{}\" is not written in byte-level characters", piece));
    }
    bytes.push_back(*std::move(decoded));
  }
  return bytes;
}

using IdOfPiece = absl::flat_hash_map<std::string, TokenId>;

absl::StatusOr<SpecialTokenIds> FindSpecialTokens(const IdOfPiece& ids) {
  SpecialTokenIds special;
  for (const auto& [name, id] : {std::pair{"<s>", &special.begin},
                                 {"<pad>", &special.padding},
                                 {"</s>", &special.end},
                                 {"<unk>", &special.unknown},
                                 {"<mask>", &special.mask}}) {
    const auto found = ids.find(name);
    if (found == ids.end()) {
      return absl::InvalidArgumentError(fmt::format("the special token {} is missing", name));
    }
    *id = found->second;
  }
  return special;
}

absl::StatusOr<bool> ReadAddPrefixSpace(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "tokenizer_config.json";
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxFileBytes);
  if (absl::IsNotFound(text.status())) return false;
  GUICHET_RETURN_IF_ERROR(text.status());
  const absl::StatusOr<Json> config = ParseStrictJson(*text, {.max_bytes = kMaxFileBytes});
  if (!config.ok()) return InFile(path, config.status());
  if (!config->is_object()) return InFile(path, absl::InvalidArgumentError("not a JSON object"));
  const auto value = config->find("add_prefix_space");
  if (value == config->end()) return false;
  if (!value->is_boolean()) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: add_prefix_space is {}: it must be true or false", path.string(), value->dump()));
  }
  return value->get<bool>();
}

}  // namespace

struct ByteLevelTokenizer::Parts {
  BytePairMerges merges;
  std::vector<std::string> pieces;
  std::vector<std::string> piece_bytes;
  std::vector<TokenId> symbol_ids;
  SpecialTokenIds special_ids;
  bool add_prefix_space;
};

absl::StatusOr<std::unique_ptr<const Tokenizer>> ByteLevelTokenizer::Load(
    const std::filesystem::path& folder, const TokenizerOptions& options) {
  GUICHET_RETURN_IF_ERROR(options.Validate());
  const std::filesystem::path vocabulary_path = folder / kVocabularyFile;
  const std::filesystem::path merges_path = folder / kMergesFile;
  GUICHET_ASSIGN_OR_RETURN(const std::string vocabulary, ReadFile(vocabulary_path, kMaxFileBytes));
  GUICHET_ASSIGN_OR_RETURN(const std::string merges_txt, ReadFile(merges_path, kMaxFileBytes));
  absl::StatusOr<BytePairMerges> merges = BytePairMerges::Parse(merges_txt);
  if (!merges.ok()) return InFile(merges_path, merges.status());
  absl::StatusOr<std::vector<std::string>> pieces = ParseVocabulary(vocabulary);
  if (!pieces.ok()) return InFile(vocabulary_path, pieces.status());
  absl::StatusOr<std::vector<std::string>> bytes = BytesOfPieces(*pieces);
  if (!bytes.ok()) return InFile(vocabulary_path, bytes.status());
  IdOfPiece ids;
  for (std::size_t i = 0; i < pieces->size(); ++i) ids[(*pieces)[i]] = static_cast<TokenId>(i);
  const absl::StatusOr<SpecialTokenIds> special = FindSpecialTokens(ids);
  if (!special.ok()) return InFile(vocabulary_path, special.status());
  std::vector<TokenId> symbol_ids;
  symbol_ids.reserve(merges->symbol_names().size());
  for (const std::string& name : merges->symbol_names()) {
    const auto found = ids.find(name);
    symbol_ids.push_back(found == ids.end() ? special->unknown : found->second);
  }
  GUICHET_ASSIGN_OR_RETURN(const bool add_prefix_space, ReadAddPrefixSpace(folder));
  return std::unique_ptr<const Tokenizer>(new ByteLevelTokenizer(
      {*std::move(merges), *std::move(pieces), *std::move(bytes), std::move(symbol_ids), *special,
       add_prefix_space},
      options,
      ListTokenizerFiles(folder, {std::string(kVocabularyFile), std::string(kMergesFile)})));
}

ByteLevelTokenizer::ByteLevelTokenizer(Parts parts, const TokenizerOptions& options,
                                       std::vector<std::filesystem::path> files)
    : SubwordTokenizer(options, parts.special_ids, std::move(files)),
      merges_(std::move(parts.merges)),
      pieces_(std::move(parts.pieces)),
      piece_bytes_(std::move(parts.piece_bytes)),
      symbol_ids_(std::move(parts.symbol_ids)),
      add_prefix_space_(parts.add_prefix_space) {}

absl::Status ByteLevelTokenizer::AppendIds(std::string_view text, std::vector<TokenId>& ids) const {
  std::vector<BytePairMerges::Symbol> symbols;
  for (const std::string_view word : SplitIntoWords(text)) merges_.Apply(word, symbols);
  ids.reserve(ids.size() + symbols.size());
  for (const BytePairMerges::Symbol symbol : symbols) {
    ids.push_back(symbol_ids_[static_cast<std::size_t>(symbol)]);
  }
  return absl::OkStatus();
}

absl::Status ByteLevelTokenizer::AppendPieces(std::string_view text,
                                              std::vector<std::string>& pieces) const {
  std::vector<BytePairMerges::Symbol> symbols;
  for (const std::string_view word : SplitIntoWords(text)) merges_.Apply(word, symbols);
  for (const BytePairMerges::Symbol symbol : symbols) {
    pieces.push_back(merges_.symbol_names()[static_cast<std::size_t>(symbol)]);
  }
  return absl::OkStatus();
}

bool ByteLevelTokenizer::NeedsPrefixSpace(std::string_view text) const {
  return add_prefix_space_ && !text.empty() && !IsPythonWhiteSpace(DecodeUtf8(text, 0).code_point);
}

std::string ByteLevelTokenizer::Join(std::span<const TokenId> ids) const {
  std::string bytes;
  for (const TokenId id : ids) bytes += piece_bytes_[static_cast<std::size_t>(id)];
  return ReplaceInvalidUtf8(bytes);
}

std::string ByteLevelTokenizer::PieceOf(TokenId id) const {
  return pieces_[static_cast<std::size_t>(id)];
}

}  // namespace guichet
