#include "model/data/personal_data.h"

#include <gtest/gtest.h>

#include "model/data/ticket_generator.h"

namespace guichet {
namespace {

// All numbers are made up or published examples.

TEST(PersonalDataTest, MasksWhatItFinds) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"écrire à jean.dupont+it@exemple.fr.", "écrire à [email]."},
      {"<A_B@sous.domaine.example>", "<[email]>"},
      {"appeler le 01 23 45 67 89 ou 0612345678", "appeler le [phone] ou [phone]"},
      {"06.12.34.56.78, 06-12-34-56-78", "[phone], [phone]"},
      {"01\u00A023\u00A045\u00A067\u00A089", "[phone]"},
      {"+33 6 12 34 56 78 / +33 (0)1 23 45 67 89", "[phone] / [phone]"},
      {"0033 6 12 34 56 78; +32 2 123 45 67", "[phone]; [phone]"},
      {"FR76 3000 6000 0112 3456 7890 189 !", "[iban] !"},
      {"fr7630006000011234567890189", "[iban]"},
      {"DE89 3704 0044 0532 0130 00, BE68539007547034", "[iban], [iban]"},
      {"NIR 2 55 08 14 168 025 38", "NIR [nir]"},
      {"255081416802538", "[nir]"},
      {"sur 192.168.1.254: ok", "sur [ip]: ok"},
      {"fe80::1ff:fe23:4567:890a et 2001:0db8:0:0:0:ff00:42:8329", "[ip] et [ip]"},
      {"::ffff:10.0.0.1", "[ip]"},
  };
  for (const auto& [text, masked] : cases) EXPECT_EQ(MaskPersonalData(text), masked);
}

TEST(PersonalDataTest, LeavesTheRestAlone) {
  for (const char* text : {
           "réunion à 12:30:45 le 12/03/2024 10:15",
           "01/02/2024 10:15 et 2024-02-01 01:02:03",
           "version 10.0.19045.1 puis 1.2.3",
           "INC0012345678 et 00123456789012",
           "FR76 3000 6000 0112 3456 7890 188",  // wrong check digits
           "2 55 08 14 168 025 39",              // wrong key
           "2 55 13 14 168 025 38",              // no such month
           "256.1.1.1 et 1.2.3.4.5",
           "a @ b, @midi, x@y, prix@10.5",
           "std::vector<int>::size, a::b",
           "FR12 petit texte",
           "+3 points, + 33 tickets",
           "mot de passe oublié",
       }) {
    EXPECT_EQ(MaskPersonalData(text), text);
    EXPECT_TRUE(FindPersonalData(text).empty()) << text;
  }
}

TEST(PersonalDataTest, CorsicaHasLettersInItsNumbers) {
  // 1 85 05 2A 004 123: the key is that of 19 for 2A, of 18 for 2B.
  for (const auto& [department, digits] :
       {std::pair("2A", 1850519004123ULL), std::pair("2B", 1850518004123ULL)}) {
    const std::string key = std::to_string(97 - digits % 97);
    const std::string nir =
        std::string("1 85 05 ") + department + " 004 123 " + (key.size() < 2 ? "0" : "") + key;
    EXPECT_EQ(MaskPersonalData(nir), "[nir]") << nir;
  }
}

TEST(PersonalDataTest, SpansAreInOrderAndApart) {
  const std::string text = "a@b.fr 01 23 45 67 89 a@b.fr";
  const auto spans = FindPersonalData(text);
  ASSERT_EQ(spans.size(), 3U);
  EXPECT_EQ(spans[0].kind, PersonalDataKind::kEmail);
  EXPECT_EQ(spans[1].kind, PersonalDataKind::kPhone);
  std::size_t end = 0;
  for (const PersonalDataSpan& span : spans) {
    EXPECT_GE(span.begin, end);
    end = span.begin + span.size;
  }
  EXPECT_EQ(end, text.size());
}

TEST(PersonalDataTest, RepeatedBeginningsTakeNoLonger) {
  for (const char* piece : {"@", "a@", "1:", "::", "+1", "FR76", "0612345678", "1.1.1.1", "0 "}) {
    std::string text;
    while (text.size() < (size_t{1} << 20)) text += piece;
    std::size_t end = 0;
    for (const PersonalDataSpan& span : FindPersonalData(text)) {
      ASSERT_GE(span.begin, end);
      ASSERT_GT(span.size, 0U);
      end = span.begin + span.size;
    }
    EXPECT_LE(end, text.size());
  }
}

}  // namespace
}  // namespace guichet
