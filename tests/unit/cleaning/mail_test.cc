#include <string>

#include <gtest/gtest.h>

#include "tests/unit/cleaning/cleaning_support.h"

namespace guichet {
namespace {

// All begin with this, and only this is left.
constexpr const char* kMail = "Imprimante\nElle ne marche plus depuis lundi, code E42.";

constexpr const char* kQuotes[] = {
    "\n\nLe 12 mars 2024 à 10:15, Jean Dupont a écrit :\n> Bonjour\n> oui",
    "\n\nLe 12 mars 2024 à 10:15, Jean Dupont a écrit :\nBonjour\noui",
    "\n\nLe mar. 12 mars 2024 à 10:15, Jean Dupont\n<jean.dupont@example.org> a écrit :\n\n> oui",
    "\n\nLe 12/03/2024, le support a écrit :\n> clos",
    "\n\nle 12 mars 2024, x a ecrit:\n> clos",
    "\n\nJean Dupont <j@example.org> a écrit le 12/03/2024 :\n> oui",
    "\n\nOn Tue, 12 Mar 2024 at 10:15, Jane Doe wrote:\n> yes",
    "\n\n-----Message d'origine-----\nDe : Jean\nObjet : RE: x\n\nBonjour",
    "\n\n----- Message d’origine -----\nBonjour",
    "\n\n--- Message transféré ---\nBonjour",
    "\n\n-----Original Message-----\nFrom: x\nyes",
    "\n\nDébut du message réexpédié :\n\nDe: Jean\nBonjour",
    "\n\n---------- Forwarded message ---------\nBonjour",
    "\n\nDe : Jean Dupont\nEnvoyé : mardi 12 mars 2024 10:15\nÀ : support\nObjet : "
    "panne\n\nBonjour",
    "\n\n*De :* Jean Dupont\n*Envoyé :* mardi\n*À :* support\n*Objet :* panne\n\nBonjour",
    "\n\n________________________________\nDe : Jean\nEnvoyé : mardi\nObjet : panne\nBonjour",
    "\n\nDe: Jean\nDate: mardi\nÀ: support\nObjet: panne\nBonjour",
    "\n\nFrom: Jane\nSent: Tuesday\nTo: support\nSubject: broken\n\nHello",
    "\n> Bonjour, votre demande est close.\n> Merci",
    "\n>> encore\n> plus\n\n"};

TEST(QuoteCleaningTest, OlderMailsGo) {
  for (const char* quote : kQuotes) {
    EXPECT_EQ(Clean(std::string(kMail) + quote, "quotes"), kMail) << quote;
  }
}

TEST(QuoteCleaningTest, AnswersBetweenAndBelowTheLinesStay) {
  EXPECT_EQ(Clean("Le 12/03/2024, le support a écrit :\n> Avez-vous redémarré ?\n"
                  "Oui, deux fois ce matin.\n> Et le câble ?\nIl est bien branché.",
                  "quotes"),
            "Oui, deux fois ce matin.\nIl est bien branché.");
}

TEST(QuoteCleaningTest, AMailThatSaysNothingByItselfKeepsTheOlderOne) {
  for (const char* text :
       {"Voir ci-dessous\n-----Message d'origine-----\nDe : Jean\nMon VPN est coupé",
        "Bonjour,\n\nCordialement\nJean Dupont\n-----Message d'origine-----\nMon VPN est coupé",
        "> Mon VPN est coupé\n> depuis lundi",
        "De : Jean\nEnvoyé : lundi\nObjet : VPN\nIl est coupé"}) {
    EXPECT_EQ(Clean(text, "quotes"), text);
  }
}

constexpr const char* kNotQuotes[] = {"Le 12 mars 2024, mon VPN a été coupé et personne n'a écrit",
                                      "Le problème : il a écrit dans le mauvais dossier",
                                      "De : Paris\nÀ : Lyon\nDate : 12 mars\nmerci de réserver",
                                      "Il reste\n> 50 Go sur le disque et c'est trop peu",
                                      "Objet : imprimante en panne au deuxième étage",
                                      "Le message d'origine est perdu, que faire maintenant ?"};

TEST(QuoteCleaningTest, WhatOnlyLooksAlikeStays) {
  for (const char* text : kNotQuotes) EXPECT_EQ(Clean(text, "quotes"), text);
}

constexpr const char* kSignatures[] = {
    "\nCordialement\nJean Dupont\nService achats\nTél. 01 23 45 67 89",
    "\n\nCordialement,\n\nJean Dupont",
    "\nBien cordialement.\nJean",
    "\nBIEN À VOUS\nJEAN",
    "\nCordialement, Jean Dupont",
    "\nCdt\nJD",
    "\nSincères salutations",
    "\n-- \nJean Dupont\nhttps://example.org",
    "\n--\nJean Dupont",
    "\n\nEnvoyé de mon iPhone",
    "\n\nEnvoyé à partir de Outlook pour Android",
    "\n\nObtenez Outlook pour iOS<https://aka.ms/x>",
    "\nSent from my iPad",
    "\nMerci d'avance\nJean Dupont\nService achats",
    "\nBonne journée,\nJean Dupont\n01 23 45 67 89",
    "\nVeuillez agréer, Madame, Monsieur, l'expression de mes salutations distinguées.\nJean",
    "\nCe message et ses pièces jointes sont confidentiels et destinés à leur seul destinataire.",
    "\nPensez à l'environnement avant d'imprimer ce message"};

TEST(SignatureCleaningTest, SignaturesGo) {
  for (const char* signature : kSignatures) {
    EXPECT_EQ(Clean(std::string(kMail) + signature, "signatures"), kMail) << signature;
  }
}

constexpr const char* kNotSignatures[] = {
    "Cordialement\nJean Dupont",  // nothing else is there
    "Merci\nde me rappeler dès que possible au sujet du VPN qui ne marche plus du tout ici",
    "Mon VPN est coupé.\nMerci",
    "Mon VPN est coupé.\nCordialement\nPS : l'écran aussi",
    "Mon VPN est coupé.\nMerci d'avance\nPouvez-vous m'appeler ?",
    "Avant d'imprimer, le logiciel plante\net le poste redémarre",
    "Ce message s'affiche\nrien ne marche",
    "Cordialement invité à la réunion de demain soir"};

TEST(SignatureCleaningTest, WhatOnlyLooksAlikeStays) {
  for (const char* text : kNotSignatures) EXPECT_EQ(Clean(text, "signatures"), text);
}

TEST(SignatureCleaningTest, StandsAboveTheOlderMailWhenThatStays) {
  EXPECT_EQ(
      Clean(std::string(kMail) + "\nCordialement\nJean\n\n-----Message d'origine-----\n"
                                 "Bonjour\nCordialement\nLe support",
            "signatures"),
      std::string(kMail) + "\n-----Message d'origine-----\nBonjour\nCordialement\nLe support");
}

TEST(MailCleaningTest, AWholeMailOfOutlook) {
  EXPECT_EQ(Clean("RE: imprimante\n<html><body><p class=MsoNormal>Bonjour,<o:p></o:p></p>"
                  "<p class=MsoNormal>L&#8217;imprimante du 2&egrave;me est HS<o:p></o:p></p>"
                  "<p class=MsoNormal>Cordialement,</p><p class=MsoNormal>Jean&nbsp;Dupont</p>"
                  "<div style='border-top:solid'><p><b>De&nbsp;:</b> support<br>"
                  "<b>Envoy&eacute;&nbsp;:</b> lundi<br><b>Objet&nbsp;:</b> panne</p></div>"
                  "<p>Bonjour, c'est not&eacute;.</p></body></html>"),
            "RE: imprimante\nBonjour,\nL’imprimante du 2ème est hors service");
}

}  // namespace
}  // namespace guichet
