#pragma once

#include <string>

// The rules of CleanText. Each takes valid UTF-8, leaves valid UTF-8 and returns whether it changed
// the text; time and memory are linear in the text's size, and text without a trace of what a rule
// is for costs one look at its bytes. Private to model/cleaning.

namespace guichet {

bool StripHtml(std::string& text);
bool RepairMojibake(std::string& text);
bool DropInvisible(std::string& text);
bool CutQuotes(std::string& text);
bool CutSignature(std::string& text);
bool SpaceUnderscores(std::string& text);
bool LowerCapitals(std::string& text);
bool ExpandAbbreviations(std::string& text);

}  // namespace guichet
