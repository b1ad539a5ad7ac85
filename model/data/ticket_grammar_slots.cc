#include "model/data/ticket_grammar.h"

namespace guichet {
namespace {

constexpr std::string_view kFirstNames[] = {
    "Hélène", "François", "Zoé",       "Maëlle",    "Aïcha",      "Loïc",  "Noël",    "Cédric",
    "Gaëtan", "Inès",     "Étienne",   "Éloïse",    "Benoît",     "Karim", "Fatou",   "Sophie",
    "Julien", "Nathalie", "Thomas",    "Camille",   "Mehdi",      "Laura", "Olivier", "Chloé",
    "Yann",   "Mireille", "Bruno",     "Sandrine",  "Hugo",       "Anaïs", "Patrick", "Awa",
    "Rémi",   "Céline",   "Dominique", "Jean-Marc", "Marie-Laure"};
constexpr std::string_view kLastNames[] = {
    "Martin", "Lefèvre", "Dubois",   "Moreau",   "Garnier", "Fontaine", "Chevallier", "Benali",
    "Diallo", "Le Goff", "Rousseau", "Nguyen",   "Perrin",  "Da Silva", "Mercier",    "Blanchard",
    "Guérin", "Boyer",   "Lemoine",  "Kowalski", "Traoré",  "Marchand", "Pires",      "Colin",
    "Haddad", "Renaud",  "Vasseur",  "Leclercq", "Bailly",  "Aubert"};
constexpr std::string_view kApplications[] = {"SAP",
                                              "Sage 100",
                                              "GLPI",
                                              "Chorus Pro",
                                              "HRAccess",
                                              "Salesforce",
                                              "la GED",
                                              "le portail RH",
                                              "Cegid",
                                              "AutoCAD",
                                              "Jira",
                                              "l'extranet clients",
                                              "le logiciel de caisse",
                                              "Ciril",
                                              "l'outil de planification",
                                              "le logiciel de stock",
                                              "Power BI",
                                              "Astre",
                                              "l'ERP",
                                              "Silae"};
constexpr std::string_view kOffice[] = {"Excel", "Word",    "PowerPoint",  "Acrobat Reader",
                                        "Teams", "Firefox", "LibreOffice", "7-Zip",
                                        "Visio", "OneNote", "Chrome",      "Photoshop"};
constexpr std::string_view kDevices[] = {"mon écran",
                                         "le clavier",
                                         "la souris",
                                         "la station d'accueil",
                                         "mon casque",
                                         "la webcam",
                                         "l'écran de {person}",
                                         "le chargeur",
                                         "le scanner de bureau",
                                         "la tablette de la {room}",
                                         "l'onduleur",
                                         "le vidéoprojecteur",
                                         "le lecteur de cartes",
                                         "la douchette",
                                         "le pavé numérique"};
constexpr std::string_view kNewDevices[] = {"un écran 27 pouces",
                                            "une souris verticale",
                                            "un casque sans fil",
                                            "une station d'accueil",
                                            "un PC portable",
                                            "un clavier ergonomique",
                                            "une webcam",
                                            "un disque externe",
                                            "une imprimante",
                                            "un téléphone portable",
                                            "deux écrans",
                                            "un vidéoprojecteur",
                                            "une tablette",
                                            "un onduleur",
                                            "une sacoche et un chargeur",
                                            "un routeur wifi"};
constexpr std::string_view kPrinters[] = {"l'imprimante de la {room}",
                                          "le copieur de la {room}",
                                          "l'imprimante du service {service}",
                                          "la HP LaserJet de la {room}",
                                          "le traceur",
                                          "l'imprimante couleur",
                                          "le Ricoh de la {room}",
                                          "l'imprimante PRT-{n}"};
constexpr std::string_view kRooms[] = {
    "salle {n}",  "salle D{n}",         "salle Mistral", "salle Vauban",  "salle du conseil",
    "salle B{n}", "salle de formation", "zone {n}",      "salle Garonne", "salle C{n}"};
constexpr std::string_view kSites[] = {"siège",           "dépôt nord",       "dépôt sud",
                                       "campus",          "centre technique", "magasin de Nantes",
                                       "bureau de Lille", "bureau de Lyon",   "laboratoire",
                                       "pôle logistique"};
constexpr std::string_view kServices[] = {
    "comptabilité",  "ressources humaines", "achats",     "juridique",   "logistique",
    "communication", "marketing",           "production", "qualité",     "accueil",
    "travaux",       "relation clients",    "formation",  "maintenance", "scolarité"};
constexpr std::string_view kSince[] = {"depuis ce matin",
                                       "depuis hier",
                                       "depuis lundi",
                                       "depuis {n} jours",
                                       "depuis la mise à jour",
                                       "depuis {hour}",
                                       "depuis mon retour de congé",
                                       "depuis la semaine dernière",
                                       "depuis le {calendar}",
                                       "depuis une heure",
                                       "depuis mardi soir",
                                       "depuis la panne de courant"};
constexpr std::string_view kWhen[] = {"ce matin",
                                      "hier",
                                      "lundi",
                                      "hier soir",
                                      "vendredi dernier",
                                      "le {calendar}",
                                      "la semaine dernière",
                                      "mercredi à {hour}",
                                      "avant-hier",
                                      "ce week-end"};
constexpr std::string_view kDates[] = {"lundi prochain",       "le {calendar}",   "demain",
                                       "la semaine prochaine", "jeudi",           "fin {month}",
                                       "mardi matin",          "le mois prochain"};
constexpr std::string_view kCodes[] = {
    "0x80070005",   "le code {n}",         "l'erreur 503",     "ERR_TIMED_OUT",
    "l'erreur 691", "0x8004010F",          "« accès refusé »", "« délai dépassé »",
    "l'erreur {n}", "« erreur inconnue »", "0xC000021A",       "« service indisponible »",
    "E_FAIL {n}"};
constexpr std::string_view kPaths[] = {"Compta/2024",
                                       "Commun/RH",
                                       "Projets/{few}{nn}",
                                       "S:/Marchés/2024-{nn}",
                                       "\\\\srv-fic{n}\\commun",
                                       "Direction/Budget",
                                       "Archives/{service}",
                                       "T:/Qualité",
                                       "Public/Photos",
                                       "Équipe/{lastname}"};
constexpr std::string_view kFiles[] = {
    "le fichier budget {n}.xlsx",    "le tableau de suivi",
    "le document annexe-{n}.docx",   "le planning du service {service}",
    "la présentation du {calendar}", "le classeur des congés",
    "le fichier clients.csv",        "le rapport de {person}",
    "le modèle de contrat"};
constexpr std::string_view kHosts[] = {"srv-app{n}", "srv-sql{n}",          "intranet.exemple.fr",
                                       "srv-fic{n}", "extranet.exemple.fr", "srv-test{n}"};
constexpr std::string_view kMails[] = {"comptabilite@exemple.fr", "rh@exemple.fr",
                                       "achats@exemple.fr",       "contact@exemple.fr",
                                       "{login}@exemple.fr",      "facturation@exemple.org",
                                       "info-{n}@exemple.com",    "no-reply@exemple.net"};
constexpr std::string_view kUrls[] = {
    "https://portail.exemple.fr/{n}", "http://www.exemple.org/login", "https://bit.example/{n}{nn}",
    "https://fournisseur.example", "https://documents.exemple.fr/{n}{nn}"};
constexpr std::string_view kLogins[] = {"jdupont{n}", "m.{n}", "agent{n}", "cmartin", "stage{n}"};
constexpr std::string_view kRefs[] = {"INC00{n}{n}", "REQ-2024-{n}", "#{n}{n}", "n° {n}{n}",
                                      "TCK{n}{n}"};
constexpr std::string_view kAssets[] = {"PC-{n}{n}", "LT{n}{n}", "UC-{n}-{n}"};
constexpr std::string_view kAmounts[] = {"{n},90 €", "1 {few}{few}0 €", "{few}{nn} €",
                                         "{n}00 euros HT"};
constexpr std::string_view kDrives[] = {"S:", "T:", "P:", "H:", "Z:", "U:"};
constexpr std::string_view kPersons[] = {"{firstname} {lastname}", "{firstname} {lastname}",
                                         "{firstname}", "M. {lastname}", "Mme {lastname}"};
constexpr std::string_view kMonths[] = {"janvier", "février", "mars",      "avril",   "mai",
                                        "juin",    "juillet", "septembre", "octobre", "novembre"};
constexpr std::string_view kCalendar[] = {"{day} {month}", "{day} {month} 2024", "{day}/0{few}"};
constexpr std::string_view kPhones[] = {"06 {nn} {nn} {nn} {nn}", "02 40 {nn} {nn} {nn}",
                                        "07.{nn}.{nn}.{nn}.{nn}", "poste {few}{nn}"};
constexpr std::string_view kExtensions[] = {"{few}{nn}", "4{nn}{few}"};
constexpr std::string_view kAddresses[] = {"10.{few}.{n}.{n}", "192.168.{few}.{n}"};
constexpr std::string_view kPorts[] = {"443", "1433", "22", "8080", "3389", "587"};

struct Slot {
  std::string_view name;
  Phrases values;
};

constexpr Slot kSlots[] = {{"firstname", kFirstNames},
                           {"lastname", kLastNames},
                           {"app", kApplications},
                           {"office", kOffice},
                           {"device", kDevices},
                           {"new_device", kNewDevices},
                           {"printer", kPrinters},
                           {"room", kRooms},
                           {"site", kSites},
                           {"service", kServices},
                           {"since", kSince},
                           {"when", kWhen},
                           {"date", kDates},
                           {"code", kCodes},
                           {"path", kPaths},
                           {"file", kFiles},
                           {"host", kHosts},
                           {"mail", kMails},
                           {"url", kUrls},
                           {"login", kLogins},
                           {"ref", kRefs},
                           {"asset", kAssets},
                           {"amount", kAmounts},
                           {"drive", kDrives},
                           {"port", kPorts},
                           {"person", kPersons},
                           {"month", kMonths},
                           {"calendar", kCalendar},
                           {"phone", kPhones},
                           {"extension", kExtensions},
                           {"ip", kAddresses}};

}  // namespace

Phrases SlotValues(std::string_view slot) {
  for (const Slot& known : kSlots) {
    if (known.name == slot) return known.values;
  }
  return {};
}

}  // namespace guichet
