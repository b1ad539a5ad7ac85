#include <gtest/gtest.h>

#include "tests/unit/cleaning/cleaning_support.h"

namespace guichet {
namespace {

constexpr CleaningCase kShouted[] = {
    {"MOT DE PASSE OUBLIÉ", "Mot de passe oublié"},
    {"MOT DE PASSE OUBLIé", "Mot de passe oublié"},
    {"L'IMPRIMANTE DU 2E ÉTAGE NE MARCHE PLUS !!!", "L'imprimante du 2E étage ne marche plus !!!"},
    {"URGENT : VPN ET GLPI EN PANNE", "Urgent : VPN et GLPI en panne"},
    {"MERCI DE RAPPELER LE SERVICE RH", "Merci de rappeler le service RH"},
    {"JE NE PEUX PLUS IMPRIMER. Merci de m'aider.", "Je ne peux plus imprimer. Merci de m'aider."},
    {"Bonjour,\nPLUS RIEN NE FONCTIONNE\nmerci", "Bonjour,\nPlus rien ne fonctionne\nmerci"},
    {"ACCÈS À SAP REFUSÉ SUR PC-042", "Accès à SAP refusé sur PC-042"},
    {"ÉCRAN NOIR", "Écran noir"},
    {"SERVEUR SRV.DOMAINE.LOCAL INJOIGNABLE", "Serveur SRV.DOMAINE.LOCAL injoignable"},
    {"PB DE CONNEXION", "PB de connexion"}};

constexpr const char* kNotShouted[] = {"VPN HS",
                                       "PC KO",
                                       "SAP, GLPI et VPN",
                                       "Le VPN de la DSI",
                                       "GLPI",
                                       "USB",
                                       "T000123 HS",
                                       "iPhone de Jean",
                                       "Le serveur SRVPROD est tombé",
                                       "",
                                       "été",
                                       "漢字"};

TEST(CapitalsCleaningTest, ShoutedSentencesAreLowered) {
  for (const auto& [text, clean] : kShouted) EXPECT_EQ(Clean(text, "capitals"), clean) << text;
}

TEST(CapitalsCleaningTest, AcronymsAndOrdinarySentencesStay) {
  for (const char* text : kNotShouted) EXPECT_EQ(Clean(text, "capitals"), text);
}

constexpr CleaningCase kBrief[] = {
    {"mdp oublié", "mot de passe oublié"},
    {"Pb de MDP, svp", "Problème de mot de passe, s'il vous plaît"},
    {"écran HS", "écran hors service"},
    {"réinit. du compte", "réinitialisation du compte"},
    {"réinit.", "réinitialisation."},
    {"Réinit de mon mdp.", "Réinitialisation de mon mot de passe."},
    {"RÉINIT", "réinitialisation"},
    {"cf pj", "cf pièce jointe"},
    {"dispo demain, tél. 0123", "disponible demain, téléphone 0123"},
    {"rdv à 10h", "rendez-vous à 10h"},
    {"l'appli et l’ordi", "l'application et l’ordinateur"},
    {"j'ai un pb. Le poste est lent", "j'ai un problème. Le poste est lent"},
    {"MAJ Windows, maj Office", "mise à jour Windows, mise à jour Office"},
    {"droits sur la BAL", "droits sur la boîte aux lettres"},
    {"« pb »", "« problème »"}};

constexpr const char* kNotBrief[] = {
    "un tel problème",       "pb.com",      "C:\\msg\\pb", "mdp@example.org", "jean-pb", "/tmp/msg",
    "la touche Maj",         "pbx",         "DS et NS",    "bal du village",  "hs2024",  "pb_1",
    "le mot de passe passe", "aujourd'hui", "spb"};

TEST(AbbreviationCleaningTest, WholeWordsAreWrittenOut) {
  for (const auto& [text, clean] : kBrief) EXPECT_EQ(Clean(text, "abbreviations"), clean) << text;
}

TEST(AbbreviationCleaningTest, PartsOfWordsAndNamesStay) {
  for (const char* text : kNotBrief) EXPECT_EQ(Clean(text, "abbreviations"), text);
}

TEST(WordCleaningTest, TheRulesWorkTogether) {
  EXPECT_EQ(Clean("MDP OUBLIE SVP"), "mot de passe oublie s'il vous plaît");
  EXPECT_EQ(Clean("PB DE MDP SUR COURRIERS_FACTURES"),
            "problème de mot de passe sur courriers factures");
}

}  // namespace
}  // namespace guichet
