#include "model/data/ticket_grammar.h"

namespace guichet {
namespace {

constexpr std::string_view kHardwareSubjects[] = {
    "écran noir",          "clavier en panne",      "souris qui saute",
    "station d'accueil",   "batterie qui gonfle",   "{device} en panne",
    "webcam non détectée", "chargeur hors service", "vidéoprojecteur {room}",
    "bruit anormal",       "port USB cassé",        "deuxième écran non reconnu",
    "matériel défectueux", "écran fissuré",         "panne de {device}"};
constexpr std::string_view kHardwareProblems[] = {
    "{device} ne s'allume plus {since}",
    "{device} ne répond plus, même après un redémarrage",
    "le deuxième écran n'est plus reconnu quand je pose le portable sur la station d'accueil",
    "plusieurs touches du clavier restent enfoncées",
    "la batterie de mon portable tient {n} minutes et commence à gonfler",
    "le chargeur chauffe et sent le brûlé",
    "le vidéoprojecteur de la {room} affiche une image rose",
    "la souris se déconnecte toutes les {n} secondes",
    "la webcam n'est pas détectée dans les réunions",
    "un port USB est cassé, la clé ne tient plus",
    "le ventilateur fait un bruit d'avion {since}",
    "j'ai renversé du café sur {device}",
    "l'écran est fissuré après une chute",
    "{device} clignote puis s'éteint",
    "le lecteur de badge de la {room} ne lit plus rien",
    "les enceintes de la {room} grésillent pendant les visioconférences",
    "le scanner à main de l'entrepôt ne charge plus sur son socle",
    "Windows n'y est pour rien, c'est {device} qui lâche",
    "je ne demande pas d'acheter du neuf, il suffit de réparer {device}",
    "pouvez-vous échanger {device} sous garantie, la panne date de {when}"};
constexpr std::string_view kHardwareDetails[] = {
    "j'ai essayé avec un autre câble",        "le voyant reste orange",
    "il porte l'étiquette {asset}",           "l'appareil a {n} mois",
    "il fonctionne sur le poste de {person}", "la prise électrique est bonne",
    "le matériel se trouve en {room}",        "on sent une odeur de plastique"};
constexpr std::string_view kHardwareObjects[] = {"la station d'accueil",
                                                 "mon deuxième écran",
                                                 "le clavier",
                                                 "la souris",
                                                 "la webcam",
                                                 "le vidéoprojecteur de la {room}",
                                                 "le chargeur",
                                                 "le lecteur de badge"};
constexpr std::string_view kHardwareTopics[] = {
    "la réparation de mon écran", "la panne de la station d'accueil", "la batterie de mon portable",
    "le vidéoprojecteur de la {room}", "l'échange sous garantie de {device}"};

constexpr std::string_view kPrinterSubjects[] = {"imprimante en panne",
                                                 "bourrage papier",
                                                 "toner vide",
                                                 "impression impossible",
                                                 "imprimante hors ligne",
                                                 "numérisation vers mail",
                                                 "photocopieur {room}",
                                                 "{printer}",
                                                 "impressions en noir et blanc",
                                                 "traces sur les pages",
                                                 "file d'impression bloquée",
                                                 "étiquettes mal imprimées",
                                                 "bac 2 non reconnu",
                                                 "recto verso"};
constexpr std::string_view kPrinterProblems[] = {
    "{printer} affiche un bourrage alors qu'il n'y a pas de papier coincé",
    "mes impressions restent dans la file d'attente {since}",
    "{printer} apparaît hors ligne sur tous les postes",
    "il n'y a plus de toner dans {printer}",
    "le photocopieur de la {room} ne numérise plus vers la messagerie",
    "les pages sortent avec une trace noire sur le bord",
    "{printer} imprime tout en rose {since}",
    "l'impression recto verso sort toujours en recto simple",
    "les étiquettes de l'entrepôt sont décalées de {n} millimètres",
    "je ne vois plus {printer} dans la liste quand je lance une impression",
    "le photocopieur demande un code d'agrafage",
    "quand j'imprime depuis {app}, il sort des pages de caractères bizarres",
    "le bac 2 n'est plus reconnu, tout part dans le bac 1",
    "un document de {n} pages s'arrête toujours à la page 3",
    "merci d'installer {printer} sur le poste de {person}",
    "les documents envoyés depuis le VPN ne sortent jamais du photocopieur",
    "le scan arrive vide sur le partage {path}",
    "pas besoin de commander une autre machine, il faut juste dépanner {printer}",
    "{app} fonctionne bien, mais rien ne sort sur papier",
    "mon badge ouvre la porte mais ne libère plus mes impressions"};
constexpr std::string_view kPrinterDetails[] = {
    "j'ai ouvert tous les capots",
    "l'écran de la machine affiche {code}",
    "le fichier de test s'imprime à moitié",
    "la machine est en {room}",
    "le papier a été remplacé {when}",
    "nous sommes {n} à utiliser cette machine",
    "un voyant rouge clignote",
    "je dois sortir des dossiers pour une réunion à {hour}"};
constexpr std::string_view kPrinterObjects[] = {"l'imprimante",
                                                "{printer}",
                                                "le photocopieur de la {room}",
                                                "la file d'impression",
                                                "l'imprimante à étiquettes",
                                                "le scan vers la messagerie"};
constexpr std::string_view kPrinterTopics[] = {
    "le bourrage du photocopieur", "le toner de {printer}", "l'installation de {printer}",
    "mes impressions bloquées", "la numérisation de la {room}"};

constexpr std::string_view kPhoneSubjects[] = {
    "téléphone fixe en panne", "renvoi d'appel",     "messagerie vocale",    "casque sans son",
    "poste {extension} muet",  "appels coupés",      "standard injoignable", "carte SIM",
    "forfait data épuisé",     "pas de tonalité",    "ligne {extension}",    "mobile professionnel",
    "conférence téléphonique", "numéro à transférer"};
constexpr std::string_view kPhoneProblems[] = {
    "mon poste fixe {extension} n'a plus de tonalité {since}",
    "mes correspondants ne m'entendent pas au téléphone",
    "merci de renvoyer la ligne {extension} vers {phone}",
    "la messagerie vocale annonce le nom de {person} à la place du mien",
    "les appels se coupent au bout de {n} secondes",
    "le standard sonne dans le vide {since}",
    "la carte SIM de mon mobile n'est plus reconnue",
    "je n'ai plus de données mobiles {since}, seulement les appels",
    "le téléphone de la {room} affiche « non enregistré »",
    "le casque du centre d'appels grésille dès qu'un client parle",
    "mon numéro s'affiche masqué chez les clients",
    "impossible de transférer un appel vers {extension}",
    "le mobile de {person} ne capte plus en {room}",
    "il faudrait ajouter {person} au groupe d'appel {service}",
    "l'annuaire du téléphone montre encore l'ancien titulaire de la ligne",
    "mon répondeur est plein et le code {n} ne marche plus",
    "la musique d'attente passe par-dessus la conversation",
    "Teams appelle bien les collègues mais pas les numéros extérieurs",
    "le code PUK me manque, j'ai bloqué ma carte SIM",
    "l'ordinateur a du son, c'est le téléphone qui reste muet"};
constexpr std::string_view kPhoneDetails[] = {"j'ai débranché puis rebranché l'appareil",
                                              "le numéro concerné est le {phone}",
                                              "l'écran affiche « recherche du serveur »",
                                              "les appels internes passent",
                                              "cela arrive surtout le matin",
                                              "un client a rappelé {few} fois",
                                              "mon voisin {person} a le même modèle",
                                              "l'opérateur ne voit rien de son côté"};
constexpr std::string_view kPhoneObjects[] = {
    "le téléphone fixe", "la ligne {extension}",     "la messagerie vocale",
    "le standard",       "mon mobile professionnel", "le casque du centre d'appels"};
constexpr std::string_view kPhoneTopics[] = {"le renvoi de la ligne {extension}", "ma carte SIM",
                                             "la messagerie vocale de {person}",
                                             "les appels coupés", "le groupe d'appel {service}"};

constexpr CategoryGrammar kCategories[] = {
    {"Matériel", 0.09, kHardwareSubjects, kHardwareProblems, kHardwareDetails, kHardwareObjects,
     kHardwareTopics},
    {"Imprimantes", 0.08, kPrinterSubjects, kPrinterProblems, kPrinterDetails, kPrinterObjects,
     kPrinterTopics},
    {"Téléphonie", 0.06, kPhoneSubjects, kPhoneProblems, kPhoneDetails, kPhoneObjects,
     kPhoneTopics},
};

}  // namespace

std::span<const CategoryGrammar> DeviceGrammar() { return kCategories; }

}  // namespace guichet
