#include "model/data/ticket_generator.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/random.h"
#include "model/data/slot_filler.h"
#include "model/data/ticket_grammar.h"
#include "model/data/ticket_noise.h"

namespace guichet {
namespace {

std::string_view Pick(Phrases phrases, Random& random) {
  return phrases[random.Below(phrases.size())];
}

// A category drawn by its share of the tickets.
size_t DrawCategory(Random& random) {
  const auto grammar = TicketGrammar();
  double rest = random.Uniform();
  for (size_t i = 0; i + 1 < grammar.size(); ++i) {
    rest -= grammar[i].share;
    if (rest < 0) return i;
  }
  return grammar.size() - 1;
}

// A category other than this one, with breakable objects if asked for.
size_t DrawOther(size_t category, bool needs_objects, Random& random) {
  const auto grammar = TicketGrammar();
  for (;;) {
    const size_t other = random.Below(grammar.size());
    if (other != category && !(needs_objects && grammar[other].objects.empty())) return other;
  }
}

// Word groups that make a sentence of the grammar a question.
constexpr std::string_view kQuestionMarkers[] = {
    "pouvez-vous", "pourriez-vous", "peut-on",  "dois-je", "faut-il",    "où en est",
    "quel est",    "quels délais",  "qui doit", "à qui",   "que devient"};

// A sentence: capital first letter and final punctuation unless it has its own.
std::string Sentence(std::string text) {
  constexpr std::string_view kEnds = ".?!:,;";
  if (text.empty() || kEnds.find(text.back()) == kEnds.npos) {
    const bool asks = std::ranges::any_of(
        kQuestionMarkers, [&](std::string_view marker) { return text.find(marker) != text.npos; });
    text += asks ? " ?" : ".";
  }
  return Capitalized(text);
}

// Writes one ticket. Lives for one call of Next(). Never draws twice within one expression: C++
// leaves the order open, and compilers differ.
class TicketWriter {
 public:
  TicketWriter(const TicketGeneratorOptions& options, Random& random)
      : options_(options), common_(CommonPhrases()), random_(random), filler_(random) {}

  Ticket Write() {
    category_ = DrawCategory(random_);
    other_ = DrawOther(category_, false, random_);
    filler_.Bind("other", Pick(TicketGrammar()[other_].topics, random_));
    const size_t broken = DrawOther(category_, true, random_);
    filler_.Bind("other_object", Pick(TicketGrammar()[broken].objects, random_));
    Ticket ticket;
    const double kind = random_.Uniform();
    if (kind < options_.vague_share) {
      WriteVague(ticket);
    } else if (kind < options_.vague_share + options_.contrast_share) {
      WriteContrast(ticket);
    } else {
      WritePlain(ticket);
    }
    AddNoise(ticket);
    const bool mislabelled = random_.Chance(options_.mislabelled_share);
    ticket.label = TicketGrammar()[mislabelled ? other_ : category_].label;
    return ticket;
  }

 private:
  const CategoryGrammar& own() const { return TicketGrammar()[category_]; }

  std::string From(Phrases phrases) { return filler_.Fill(Pick(phrases, random_)); }

  void WriteVague(Ticket& ticket) {
    ticket.subject = Capitalized(From(common_.vague_subjects));
    ticket.body = Body({Sentence(From(common_.vague_problems))}, false);
  }

  void WritePlain(Ticket& ticket) {
    if (random_.Chance(options_.subject_only_share)) {
      ticket.subject = Capitalized(From(random_.Chance(0.5) ? own().problems : own().subjects));
      return;
    }
    if (!random_.Chance(options_.body_only_share)) {
      const double kind = random_.Uniform();
      ticket.subject =
          Capitalized(From(kind < options_.vague_subject_share ? common_.vague_subjects
                           : kind < options_.vague_subject_share + options_.other_subject_share
                               ? TicketGrammar()[other_].subjects
                               : own().subjects));
    }
    ticket.body = Body({Sentence(From(own().problems))}, true);
  }

  // Names this category's thing and another's in one sentence; the rest of the ticket is neutral
  // more often than not, so that only the sentence decides.
  void WriteContrast(Ticket& ticket) {
    const bool of_objects = !own().objects.empty() && random_.Chance(0.6);
    const CategoryGrammar& other = TicketGrammar()[DrawOther(category_, of_objects, random_)];
    const std::string mine = filler_.Fill(Pick(of_objects ? own().objects : own().topics, random_));
    const std::string theirs =
        filler_.Fill(Pick(of_objects ? other.objects : other.topics, random_));
    SlotFiller filler(random_);
    filler.Bind("this", mine);
    filler.Bind("other", theirs);
    const std::string_view pattern =
        Pick(of_objects ? common_.object_contrasts : common_.topic_contrasts, random_);
    if (!random_.Chance(options_.body_only_share)) {
      const double kind = random_.Uniform();
      const bool mine_first = random_.Chance(0.5);
      ticket.subject = Capitalized(kind < 0.55   ? From(common_.vague_subjects)
                                   : kind < 0.75 ? (mine_first ? mine : theirs) + " / " +
                                                       (mine_first ? theirs : mine)
                                                 : From(own().subjects));
    }
    const bool with_own_details = random_.Chance(0.25);
    ticket.body = Body({Sentence(filler.Fill(pattern))}, with_own_details);
  }

  // Greeting, context, the given sentences, details, postscript, closing, signature, quoted reply.
  std::string Body(std::vector<std::string> sentences, bool with_own_details) {
    if (random_.Chance(options_.context_share)) {
      sentences.insert(sentences.begin(), Sentence(From(common_.contexts)));
    }
    if (with_own_details && random_.Chance(0.5)) sentences.push_back(Sentence(From(own().details)));
    for (int i = 0; i < 2; ++i) {
      if (random_.Chance(0.4)) sentences.push_back(Sentence(From(common_.neutral_details)));
    }
    if (random_.Chance(options_.postscript_share)) {
      sentences.push_back(Sentence(From(common_.postscripts)));
    }
    const std::string_view separator = random_.Chance(0.8) ? " " : "\n";
    std::string body;
    if (random_.Chance(options_.greeting_share)) {
      body = From(common_.greetings);
      body += random_.Chance(0.6) ? "\n" : " ";
    }
    body += fmt::format("{}", fmt::join(sentences, separator));
    if (random_.Chance(0.6)) body += "\n" + From(common_.closings);
    if (random_.Chance(options_.signature_share)) {
      body += filler_.Fill("\n{firstname} {lastname}\n");
      body += From(common_.signature_roles);
      if (random_.Chance(0.5)) body += filler_.Fill("\nTél. {phone}");
    }
    if (random_.Chance(options_.quote_share)) {
      body += "\n\n" + From(common_.quote_headers);
      body += "\n" + From(common_.quoted_replies);
    }
    return body;
  }

  void AddNoise(Ticket& ticket) {
    const bool abbreviated = random_.Chance(options_.abbreviation_share);
    const bool plain = random_.Chance(options_.no_accents_share);
    const bool lower = random_.Chance(options_.lower_case_share);
    const bool upper = !lower && random_.Chance(options_.upper_case_share);
    const bool upper_body = upper && random_.Chance(0.5);
    const bool typos = random_.Chance(options_.typo_share);
    for (std::string* text : {&ticket.subject, &ticket.body}) {
      if (abbreviated) *text = Abbreviated(*text, 0.7, random_);
      if (plain) *text = WithoutAccents(*text);
      if (lower) *text = LowerCase(*text);
      if (typos) *text = WithTypos(*text, options_.typos_per_letter, random_);
      if (upper && (upper_body || text == &ticket.subject)) *text = UpperCase(*text);
    }
    if (random_.Chance(0.03) && !ticket.subject.empty()) ticket.subject += " !!!";
    AddMailNoise(ticket);
  }

  // A share of 0 draws no number, so that the tickets without this noise stay what they were.
  bool Happens(double share) { return share > 0 && random_.Chance(share); }

  void AddMailNoise(Ticket& ticket) {
    if (Happens(options_.underscore_share)) std::ranges::replace(ticket.subject, ' ', '_');
    const bool invisible = Happens(options_.invisible_share);
    const bool mojibake = Happens(options_.mojibake_share);
    for (std::string* text : {&ticket.subject, &ticket.body}) {
      if (invisible) *text = WithInvisible(*text, 0.3, random_);
      if (mojibake) *text = AsMojibake(*text);
    }
    if (Happens(options_.html_share) && !ticket.body.empty()) ticket.body = AsHtmlMail(ticket.body);
  }

  const TicketGeneratorOptions& options_;
  const SharedPhrases& common_;
  Random& random_;
  SlotFiller filler_;
  size_t category_ = 0;
  size_t other_ = 0;
};

}  // namespace

absl::Status TicketGeneratorOptions::Validate() const {
  const std::array<std::pair<std::string_view, double>, 21> shares = {
      {{"contrast_share", contrast_share},
       {"vague_share", vague_share},
       {"mislabelled_share", mislabelled_share},
       {"vague_subject_share", vague_subject_share},
       {"other_subject_share", other_subject_share},
       {"subject_only_share", subject_only_share},
       {"body_only_share", body_only_share},
       {"greeting_share", greeting_share},
       {"context_share", context_share},
       {"postscript_share", postscript_share},
       {"signature_share", signature_share},
       {"quote_share", quote_share},
       {"upper_case_share", upper_case_share},
       {"lower_case_share", lower_case_share},
       {"no_accents_share", no_accents_share},
       {"abbreviation_share", abbreviation_share},
       {"typo_share", typo_share},
       {"html_share", html_share},
       {"mojibake_share", mojibake_share},
       {"invisible_share", invisible_share},
       {"underscore_share", underscore_share}}};
  for (const auto& [name, share] : shares) {
    if (!(share >= 0 && share <= 1)) {
      return absl::InvalidArgumentError(fmt::format("{} must be in [0, 1], not {}", name, share));
    }
  }
  if (!(typos_per_letter >= 0 && typos_per_letter <= 1)) {
    return absl::InvalidArgumentError(
        fmt::format("typos_per_letter must be in [0, 1], not {}", typos_per_letter));
  }
  return absl::OkStatus();
}

std::span<const std::string> TicketLabels() {
  static const std::vector<std::string> labels = [] {
    std::vector<std::string> names;
    for (const CategoryGrammar& category : TicketGrammar()) names.emplace_back(category.label);
    return names;
  }();
  return labels;
}

TicketGenerator::TicketGenerator(const TicketGeneratorOptions& options) : options_(options) {}

Ticket TicketGenerator::Next() {
  Random random(MixBits(options_.seed) ^ MixBits(~made_));
  ++made_;
  Ticket ticket = TicketWriter(options_, random).Write();
  ticket.id = fmt::format("T{:06}", made_);
  return ticket;
}

}  // namespace guichet
