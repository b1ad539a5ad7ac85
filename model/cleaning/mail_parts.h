#pragma once

#include <cstddef>
#include <string_view>

namespace guichet {

// What mail programs and people put around what a mail says. Each looks at a bounded number of
// lines from `begin` on, where a line of `text` begins.

// The end of the header of an older mail that begins here: "Le … a écrit :" over up to three lines,
// "De : … Envoyé : … Objet : …", "-----Message d'origine-----", "Début du message réexpédié :" and
// their English forms; `begin` when none does.
std::size_t EndOfMailHeader(std::string_view text, std::size_t begin);

// A line of an older mail, marked by '>'. Not "> 50 Go".
bool IsQuotedLine(std::string_view line);

// Where the older mail begins that follows all the rest of `text`; text.size() when there is none.
std::size_t BeginOfLastQuote(std::string_view text);

// Where the signature of a mail, without the older ones below it, begins; npos when there is none.
std::size_t BeginOfSignature(std::string_view mail);

}  // namespace guichet
