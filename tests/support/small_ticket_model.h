#pragma once

#include <cstdint>
#include <filesystem>

namespace guichet {

// A bundle of an untrained BARThez-shaped classifier of the generator's labels, one layer of 16
// units, as it would take a moment to train. Throws std::runtime_error.
void WriteSmallTicketModel(const std::filesystem::path& bundle);

// Labelled tickets of the generator as JSON Lines. The same seed gives the same file.
void WriteTickets(const std::filesystem::path& file, int rows, std::uint64_t seed);

}  // namespace guichet
