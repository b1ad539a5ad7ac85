#pragma once

#include <span>
#include <string_view>

namespace guichet {

using Phrases = std::span<const std::string_view>;

// What people write about one category. Phrases hold slots such as {person} or {printer}, filled by
// SlotFiller; they start in lower case and carry no final full stop. A phrase may name things of
// another category on purpose: the words are shared, the request is not.
struct CategoryGrammar {
  std::string_view label;
  double share;      // of all tickets; the shares of TicketGrammar() add up to 1
  Phrases subjects;  // subject lines
  Phrases problems;  // sentences that decide the category
  Phrases details;   // sentences that fit it, but alone decide little
  Phrases objects;   // singular noun phrases with article, that can break; empty for pure requests
  Phrases topics;    // noun phrases naming the request
};

// The twelve categories, in label order. Static and immutable.
std::span<const CategoryGrammar> TicketGrammar();

// The parts of TicketGrammar(), three or four categories each.
std::span<const CategoryGrammar> AccountGrammar();
std::span<const CategoryGrammar> DeviceGrammar();
std::span<const CategoryGrammar> SoftwareGrammar();
std::span<const CategoryGrammar> RequestGrammar();

// Sentences every category shares: greetings, context, urgency, closings.
struct SharedPhrases {
  Phrases vague_subjects;
  Phrases vague_problems;
  Phrases greetings;
  Phrases contexts;  // {other} is a noun phrase of another category
  Phrases neutral_details;
  Phrases object_contrasts;  // {this} is the ticket's own object, {other} another category's
  Phrases topic_contrasts;   // the same with noun phrases naming requests
  Phrases postscripts;       // mention {other}
  Phrases closings;
  Phrases signature_roles;  // job titles that sound like a category
  Phrases quote_headers;
  Phrases quoted_replies;  // what the desk answered in an older ticket about {other}
};

const SharedPhrases& CommonPhrases();

// The values of a slot such as "person"; empty when the slot is computed or unknown.
Phrases SlotValues(std::string_view slot);

}  // namespace guichet
