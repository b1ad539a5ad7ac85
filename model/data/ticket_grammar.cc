#include "model/data/ticket_grammar.h"

#include <vector>

namespace guichet {
namespace {

constexpr std::string_view kVagueSubjects[] = {"problème",
                                               "urgent",
                                               "demande d'aide",
                                               "besoin d'aide svp",
                                               "ça ne marche plus",
                                               "incident",
                                               "question",
                                               "help",
                                               "demande d'intervention",
                                               "blocage",
                                               "RE: votre ticket {ref}",
                                               "panne",
                                               "relance {ref}",
                                               "à traiter rapidement",
                                               "problème informatique",
                                               "dysfonctionnement",
                                               "bonjour",
                                               "souci depuis {when}",
                                               "ticket de {person}",
                                               "impossible de travailler"};
constexpr std::string_view kVagueProblems[] = {
    "ça ne marche toujours pas, pouvez-vous me rappeler au {phone}",
    "même problème que la dernière fois ({ref})",
    "je suis bloqué {since}, merci de passer en {room}",
    "voir capture jointe, je ne sais pas comment l'expliquer",
    "rien ne fonctionne {since}",
    "suite à notre échange avec {person}, merci de faire le nécessaire",
    "c'est encore en panne {since}, rappelez {person} au {phone}",
    "pouvez-vous intervenir en {room} avant {hour}",
    "je n'ai pas compris votre réponse au ticket {ref}",
    "{person} vous expliquera, appelez le {phone}"};
constexpr std::string_view kGreetings[] = {"Bonjour,",
                                           "Bonjour",
                                           "Bonjour à tous,",
                                           "Bjr,",
                                           "Salut,",
                                           "Bonsoir,",
                                           "Madame, Monsieur,",
                                           "Bonjour l'équipe,",
                                           "Hello,",
                                           "Bonjour {firstname},",
                                           "Cher support,",
                                           "Bonjour le support,",
                                           "Re-bonjour,",
                                           "Suite à mon appel,",
                                           "Coucou,"};
constexpr std::string_view kContexts[] = {"je suis en télétravail aujourd'hui",
                                          "je vous écris depuis le poste de {person}",
                                          "je remplace {person} cette semaine",
                                          "j'étais en congé jusqu'à {when}",
                                          "nous avons déménagé en {room}",
                                          "{person} m'a conseillé de vous écrire",
                                          "j'ai déjà appelé deux fois le support",
                                          "je travaille au service {service}",
                                          "hier tout allait bien, y compris {other_object}",
                                          "vous m'aviez déjà aidé pour {other}, merci encore",
                                          "je sors d'une formation sur {app}",
                                          "le ticket {ref} pour {other} peut être fermé",
                                          "comme annoncé par {person}, je reviens vers vous",
                                          "je suis au {site} jusqu'à {date}",
                                          "pour information, {person} s'occupe déjà de {other}",
                                          "je sais que {other} vous occupe beaucoup en ce moment"};
constexpr std::string_view kNeutralDetails[] = {
    "j'ai déjà redémarré sans succès",
    "c'est assez urgent, j'ai une réunion à {hour}",
    "{person} a le même souci",
    "je suis joignable au {phone}",
    "je suis en {room} jusqu'à {hour}",
    "cela dure {since}",
    "cela bloque tout le service {service}",
    "le message affiché est {code}",
    "je peux attendre jusqu'à {date}",
    "merci de me tenir au courant",
    "j'ai fait une capture d'écran",
    "c'est la {few}e fois ce mois-ci",
    "il y a {n} personnes concernées",
    "pouvez-vous prendre la main à distance",
    "passez quand vous voulez, je suis là jusqu'à {hour}",
    "référence du dernier échange : {ref}",
    "personne au service {service} ne sait quoi faire",
    "ce n'est pas critique mais c'est pénible",
    "je ne suis pas du tout à l'aise avec tout ça",
    "le poste est le {asset}"};
constexpr std::string_view kObjectContrasts[] = {
    "{other} fonctionne, mais {this} ne répond plus",
    "{this} ne répond plus, alors que {other} fonctionne",
    "ce n'est pas {other} qui pose problème, c'est {this}",
    "c'est {this} qui pose problème, pas {other}",
    "on a d'abord cru à une panne de {other}, mais le coupable est {this}",
    "le coupable est {this}, on a d'abord cru à une panne de {other}",
    "le souci avec {other} est réglé, il reste celui avec {this}",
    "il reste le souci avec {this}, celui avec {other} est réglé",
    "hier c'était {other}, aujourd'hui c'est {this} qui me lâche",
    "aujourd'hui c'est {this} qui me lâche, hier c'était {other}",
    "depuis qu'on a changé {other}, plus moyen d'utiliser {this}",
    "plus moyen d'utiliser {this} depuis qu'on a changé {other}",
    "{other} revient à la normale, en revanche {this} reste en panne",
    "{this} reste en panne, en revanche {other} revient à la normale",
    "contrairement à ce que dit le ticket {ref}, {other} va bien et {this} est hors service",
    "contrairement à ce que dit le ticket {ref}, {this} est hors service et {other} va bien",
    "malgré la réparation de {other}, {this} plante encore",
    "{this} plante encore malgré la réparation de {other}",
    "aucun souci sur {other} ; impossible par contre de se servir de {this}",
    "impossible de se servir de {this} ; aucun souci par contre sur {other}"};
constexpr std::string_view kTopicContrasts[] = {
    "ma demande concerne {this}, et non {other}",
    "ma demande ne concerne pas {other}, mais {this}",
    "rien à voir avec {other} : je vous écris pour {this}",
    "je vous écris pour {this}, rien à voir avec {other}",
    "vous avez traité {other}, mais j'attends toujours pour {this}",
    "j'attends toujours pour {this}, vous n'avez traité que {other}",
    "oubliez {other}, occupez-vous plutôt de {this}",
    "occupez-vous plutôt de {this}, oubliez {other}",
    "le ticket {ref} parle de {other}, or il s'agit de {this}",
    "il s'agit de {this}, or le ticket {ref} parle de {other}",
    "{other}, cela peut attendre, mais {this}, non",
    "{this}, cela ne peut pas attendre, {other}, si",
    "on m'a répondu pour {other} alors que ma question portait sur {this}",
    "ma question portait sur {this} alors qu'on m'a répondu pour {other}",
    "avant {other}, il faudrait d'abord régler {this}",
    "il faudrait d'abord régler {this}, avant {other}"};
constexpr std::string_view kPostscripts[] = {
    "PS : merci encore pour {other}", "PS : j'ouvrirai un autre ticket pour {other}",
    "PS : {other}, c'est réglé", "NB : rien à voir avec {other}",
    "PS : {person} vous écrira à part pour {other}"};
constexpr std::string_view kClosings[] = {"Merci d'avance",
                                          "Merci",
                                          "Cordialement",
                                          "Bien à vous",
                                          "Cdt",
                                          "Bonne journée",
                                          "Merci de votre aide",
                                          "Dans l'attente de votre retour",
                                          "Merci beaucoup",
                                          "Bien cordialement",
                                          "Merci par avance pour votre retour",
                                          "Salutations",
                                          "A+",
                                          "Merci bcp"};
constexpr std::string_view kSignatureRoles[] = {"Service achats",
                                                "Responsable des ressources humaines",
                                                "Assistante de direction",
                                                "Chargé de téléphonie",
                                                "Responsable réseau de vente",
                                                "Service comptabilité",
                                                "Coordinatrice sécurité au travail",
                                                "Gestionnaire de paie",
                                                "Chef d'atelier impression",
                                                "Service des marchés",
                                                "Chargée de recrutement",
                                                "Technicien de maintenance",
                                                "Accueil",
                                                "Responsable logistique",
                                                "Service courrier et messagerie interne",
                                                "Juriste"};
constexpr std::string_view kQuoteHeaders[] = {
    "Le {calendar} à {hour}, {person} a écrit :", "-----Message d'origine-----",
    "De : {person}\nEnvoyé : {calendar}\nObjet : RE: {other}",
    "Le {calendar}, le support a écrit :"};
constexpr std::string_view kQuotedReplies[] = {
    "> Bonjour, nous avons bien pris en compte {other}.",
    "> Bonjour, votre demande au sujet de {other} est close.",
    "> Le technicien est passé pour {other}, dites-nous si tout va bien.",
    "> Concernant {other}, pouvez-vous nous donner plus de détails ?",
    "> Nous n'avons pas pu vous joindre à propos de {other}."};

constexpr SharedPhrases kCommon = {
    kVagueSubjects,  kVagueProblems, kGreetings, kContexts,       kNeutralDetails, kObjectContrasts,
    kTopicContrasts, kPostscripts,   kClosings,  kSignatureRoles, kQuoteHeaders,   kQuotedReplies};

std::vector<CategoryGrammar> JoinGrammars() {
  std::vector<CategoryGrammar> all;
  for (const auto part : {AccountGrammar(), DeviceGrammar(), SoftwareGrammar(), RequestGrammar()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace

std::span<const CategoryGrammar> TicketGrammar() {
  static const std::vector<CategoryGrammar> all = JoinGrammars();
  return all;
}

const SharedPhrases& CommonPhrases() { return kCommon; }

}  // namespace guichet
