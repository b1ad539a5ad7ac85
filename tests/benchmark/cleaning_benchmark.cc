// What cleaning a ticket costs beside tokenising it: a plain ticket that no rule changes, the
// generator's tickets, and mails as programs send them.

#include <cstddef>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "model/cleaning/cleaning_tokenizer.h"
#include "model/cleaning/text_cleaner.h"
#include "model/data/ticket_generator.h"
#include "model/data/ticket_noise.h"
#include "model/text/built_in_tokenizer.h"

namespace guichet {
namespace {

// 40 words that no rule changes.
std::vector<std::string> PlainTickets() {
  return {
      "Imprimante du deuxième étage\nBonjour, depuis la mise à jour de lundi, l'imprimante du "
      "deuxième étage ne répond plus quand je lance une impression depuis Excel. J'ai déjà "
      "redémarré le poste et vérifié le câble, sans succès. Pouvez-vous passer cet après-midi ?"};
}

std::vector<std::string> GeneratedTickets() {
  TicketGenerator generator({});
  std::vector<std::string> texts;
  for (int i = 0; i < 1000; ++i) texts.push_back(generator.Next().Text());
  return texts;
}

std::vector<std::string> HtmlMails() {
  TicketGenerator generator({.signature_share = 1, .quote_share = 1});
  std::vector<std::string> texts;
  for (int i = 0; i < 1000; ++i) {
    const Ticket ticket = generator.Next();
    texts.push_back(ticket.subject + "\n" + AsHtmlMail(ticket.body));
  }
  return texts;
}

using MakeTexts = std::vector<std::string> (*)();

// Calls `work` with one text after another; the figure is the time of one text.
template <typename Work>
void ForEachText(benchmark::State& state, MakeTexts make, const Work& work) {
  const std::vector<std::string> texts = make();
  std::size_t next = 0;
  for (auto _ : state) {
    work(texts[next]);
    next = next + 1 == texts.size() ? 0 : next + 1;
  }
}

void CleanTexts(benchmark::State& state, MakeTexts make) {
  const TextCleaningOptions all = TextCleaningOptions::All();
  ForEachText(state, make,
              [&](const std::string& text) { benchmark::DoNotOptimize(CleanText(text, all)); });
}

void Tokenize(benchmark::State& state, MakeTexts make, const TextCleaningOptions& cleaning) {
  const auto tokenizer = WithCleaning(OpenTokenizer("barthez").value(), cleaning).value();
  ForEachText(state, make, [&](const std::string& text) {
    benchmark::DoNotOptimize(tokenizer->Encode(text, {.parse_special_tokens = false}));
  });
}

BENCHMARK_CAPTURE(CleanTexts, plain_40_words, PlainTickets);
BENCHMARK_CAPTURE(Tokenize, plain_40_words, PlainTickets, TextCleaningOptions());
BENCHMARK_CAPTURE(Tokenize, plain_40_words_cleaned, PlainTickets, TextCleaningOptions::All());
BENCHMARK_CAPTURE(CleanTexts, generated, GeneratedTickets);
BENCHMARK_CAPTURE(Tokenize, generated, GeneratedTickets, TextCleaningOptions());
BENCHMARK_CAPTURE(CleanTexts, html_mails, HtmlMails);
BENCHMARK_CAPTURE(Tokenize, html_mails, HtmlMails, TextCleaningOptions());
BENCHMARK_CAPTURE(Tokenize, html_mails_cleaned, HtmlMails, TextCleaningOptions::All());

}  // namespace
}  // namespace guichet

BENCHMARK_MAIN();
