#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "model/data/ticket_generator.h"

namespace guichet {

// Writes a corpus of synthetic tickets, each a document: its subject, then its body line by line.
inline void WriteSmallCorpus(const std::filesystem::path& file, int documents,
                             std::uint64_t seed = 1) {
  TicketGenerator generator({.seed = seed});
  std::ofstream out(file);
  for (int i = 0; i < documents; ++i) {
    const Ticket ticket = generator.Next();
    std::string text = ticket.subject + "\n" + ticket.body;
    for (std::size_t at = 0; (at = text.find("\n\n", at)) != std::string::npos;) text.erase(at, 1);
    out << text << "\n\n";
  }
}

// A tiny model that writes; its vocab_size is set by the run.
inline constexpr const char* kTinyModelJson = R"({"model_type": "mbart", "d_model": 32,
 "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
 "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 64, "init_std": 0.05})";

}  // namespace guichet
