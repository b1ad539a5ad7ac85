#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace guichet {

// The meaning of the rules. A change to what a rule does gets a new number, so that a model is
// never served with texts cleaned otherwise than those it learnt from.
inline constexpr int kTextCleaningVersion = 1;

// Which rules clean a text before it is tokenised; none by default. Part of a bundle's manifest.
struct TextCleaningOptions {
  int version = kTextCleaningVersion;
  // HTML to text: block tags to line ends, script and style dropped, alt kept, entities decoded.
  bool html = false;
  // "Ã©" → "é": UTF-8 that was read as Windows-1252, as often as it happened.
  bool mojibake = false;
  // Zero-width and control characters dropped, NBSP and its like to spaces, CR and its like to LF.
  bool invisible = false;
  // The older mails below or between the lines, with their French or English headers.
  bool quotes = false;
  // From "Cordialement", "Envoyé de mon iPhone" or "-- " on; disclaimers.
  bool signatures = false;
  // '_', which BARThez's vocabulary lacks, to a space.
  bool underscores = false;
  // Sentences all in capitals to lower case but for their first letter and for acronyms.
  bool capitals = false;
  // "mdp" → "mot de passe", "pb" → "problème", "svp" → "s'il vous plaît" and their like.
  bool abbreviations = false;

  static TextCleaningOptions All();
  bool any() const;
  // The names of the rules that are on, in the order in which they are applied.
  std::vector<std::string_view> Names() const;
  // INVALID_ARGUMENT: a version that this program does not know.
  absl::Status Validate() const;

  friend bool operator==(const TextCleaningOptions&, const TextCleaningOptions&) = default;
};

// A rule's name, in manifests, plans and on the command line, and its switch.
struct TextCleaningRule {
  std::string_view name;
  bool TextCleaningOptions::* enabled = nullptr;
};

// In the order in which they are applied.
inline constexpr std::array kTextCleaningRules = {
    TextCleaningRule{"html", &TextCleaningOptions::html},
    TextCleaningRule{"mojibake", &TextCleaningOptions::mojibake},
    TextCleaningRule{"invisible", &TextCleaningOptions::invisible},
    TextCleaningRule{"quotes", &TextCleaningOptions::quotes},
    TextCleaningRule{"signatures", &TextCleaningOptions::signatures},
    TextCleaningRule{"underscores", &TextCleaningOptions::underscores},
    TextCleaningRule{"capitals", &TextCleaningOptions::capitals},
    TextCleaningRule{"abbreviations", &TextCleaningOptions::abbreviations},
};

// The rules named, each once. INVALID_ARGUMENT names an unknown or repeated one and those there
// are.
absl::StatusOr<TextCleaningOptions> MakeTextCleaning(const std::vector<std::string>& names);
// "all", "none", or names with commas between them; spaces are left aside.
absl::StatusOr<TextCleaningOptions> ParseTextCleaning(std::string_view text);
// As ParseTextCleaning reads it.
std::string NameOf(const TextCleaningOptions& options);

}  // namespace guichet
