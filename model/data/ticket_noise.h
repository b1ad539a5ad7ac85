#pragma once

#include <string>
#include <string_view>

#include "base/random.h"

namespace guichet {

// Text as people really type it. Pure functions of their arguments and of the random numbers they
// draw; all take and return UTF-8.

// First letter in upper case, the rest as it is.
std::string Capitalized(std::string_view text);

std::string UpperCase(std::string_view text);
std::string LowerCase(std::string_view text);

// "Réinitialisé" → "Reinitialise", "œuvre" → "oeuvre".
std::string WithoutAccents(std::string_view text);

// Usual short forms of chat and mail ("mot de passe" → "mdp", "problème" → "pb"), each occurrence
// with the given probability.
std::string Abbreviated(std::string_view text, double probability, Random& random);

// Slips of the keyboard: every letter is with this probability dropped, doubled, swapped with the
// next or replaced by its neighbour on an AZERTY keyboard. Words that hold digits are left alone.
std::string WithTypos(std::string_view text, double probability, Random& random);

// A plain body as a mail program sends it: a style sheet, a paragraph a line, accents as numbers.
std::string AsHtmlMail(std::string_view body);

// UTF-8 read as Windows-1252: "é" → "Ã©".
std::string AsMojibake(std::string_view text);

// Spaces become no-break ones, and words get zero-width spaces inside, each with the given
// probability for a space.
std::string WithInvisible(std::string_view text, double probability, Random& random);

}  // namespace guichet
