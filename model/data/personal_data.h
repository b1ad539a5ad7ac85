#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace guichet {

enum class PersonalDataKind {
  kEmail,
  kPhone,     // French, or international behind "+"
  kIban,      // of a country that has IBANs, with its length and check digits (ISO 13616)
  kNir,       // French social security number with its key, departments 2A and 2B included
  kIpAddress  // version 4 or 6
};
inline constexpr std::array<PersonalDataKind, 5> kPersonalDataKinds = {
    PersonalDataKind::kEmail, PersonalDataKind::kPhone, PersonalDataKind::kIban,
    PersonalDataKind::kNir, PersonalDataKind::kIpAddress};

// "email", "phone", "iban", "nir", "ip".
std::string_view NameOf(PersonalDataKind kind);

struct PersonalDataSpan {
  PersonalDataKind kind = PersonalDataKind::kEmail;
  std::size_t begin = 0;  // in bytes
  std::size_t size = 0;
};

// What looks like personal data in a text, in order and without overlap. Names of people are not
// found. Takes time in proportion to the text.
std::vector<PersonalDataSpan> FindPersonalData(std::string_view text);

// The text with each such span as "[email]", "[phone]", …
std::string MaskPersonalData(std::string_view text);

}  // namespace guichet
