#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "model/data/ticket.h"

namespace guichet {

// How the tickets come out. Every share is a probability in [0, 1] and is drawn for each ticket by
// itself; the defaults keep a bag-of-words classifier a few points below what is possible.
struct TicketGeneratorOptions {
  std::uint64_t seed = 1;
  // Tickets that name two things of different categories, where only the sentence's order or a
  // negation says which of them the request is about.
  double contrast_share = 0.14;
  // Tickets too vague for anybody: their label is drawn by the category's share. Irreducible.
  double vague_share = 0.02;
  // Tickets filed under another category by mistake. Irreducible.
  double mislabelled_share = 0.01;
  double vague_subject_share = 0.30;  // subjects such as "problème"
  double other_subject_share = 0.05;  // subjects left over from another request
  double subject_only_share = 0.04;   // no body
  double body_only_share = 0.05;      // no subject
  double greeting_share = 0.65;
  double context_share = 0.40;     // an opening sentence, often naming something unrelated
  double postscript_share = 0.08;  // the same at the end
  double signature_share = 0.25;
  double quote_share = 0.10;  // an older exchange quoted below
  double upper_case_share = 0.05;
  double lower_case_share = 0.12;
  double no_accents_share = 0.12;
  double abbreviation_share = 0.20;
  double typo_share = 0.18;
  double typos_per_letter = 0.02;  // in a ticket that has typos; in [0, 1]
  // What mail programs and exports add; none by default, so that tickets read as people wrote them.
  double html_share = 0;        // bodies as HTML mails
  double mojibake_share = 0;    // UTF-8 read as Windows-1252
  double invisible_share = 0;   // zero-width and no-break spaces
  double underscore_share = 0;  // subjects with '_' for spaces

  absl::Status Validate() const;
};

// The twelve categories, in the order used for label numbers.
std::span<const std::string> TicketLabels();

// An endless, repeatable stream of synthetic French IT-helpdesk tickets, for the demo, examples and
// tests. Ticket number i depends on the seed and i alone, so the first rows of a longer run are the
// rows of a shorter one, on every platform. Not thread-safe; options must be valid (Validate()).
class TicketGenerator {
 public:
  explicit TicketGenerator(const TicketGeneratorOptions& options);

  // Ids count up from T000001. Subject or body may be empty, never both.
  Ticket Next();

 private:
  TicketGeneratorOptions options_;
  std::uint64_t made_ = 0;
};

}  // namespace guichet
