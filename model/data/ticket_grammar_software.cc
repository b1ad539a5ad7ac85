#include "model/data/ticket_grammar.h"

namespace guichet {
namespace {

constexpr std::string_view kNetworkSubjects[] = {"VPN",
                                                 "wifi très lent",
                                                 "plus d'internet",
                                                 "coupures réseau",
                                                 "VPN impossible en télétravail",
                                                 "prise réseau {room}",
                                                 "site bloqué par le proxy",
                                                 "réseau invité",
                                                 "débit insuffisant",
                                                 "pas d'adresse IP",
                                                 "connexion perdue {site}",
                                                 "wifi {room}",
                                                 "VPN : {code}",
                                                 "réseau coupé au {site}",
                                                 "ouverture de flux"};
constexpr std::string_view kNetworkProblems[] = {
    "le VPN se déconnecte toutes les {n} minutes {since}",
    "il n'y a plus de réseau en {room} {since}",
    "le wifi est très lent, à peine {n} ko par seconde",
    "je n'arrive pas à établir le VPN depuis chez moi ({code})",
    "le proxy bloque le site {url} dont j'ai besoin",
    "la prise réseau de la {room} semble morte, le câble a été testé",
    "mon poste prend une adresse en 169.254 au lieu de {ip}",
    "les visiteurs ne voient plus le réseau invité",
    "internet fonctionne mais rien d'interne ne répond, même {app}",
    "tout le {site} est coupé du réseau {since}",
    "les visioconférences se figent dès que nous sommes plus de {n} sur le wifi",
    "merci d'ouvrir le port {port} entre {ip} et {host}",
    "le ping vers {host} perd un paquet sur deux",
    "le VPN reste sur « vérification du poste » sans jamais finir",
    "en télétravail je ne joins plus {host}, au bureau tout va bien",
    "l'adresse {host} n'est plus résolue {since}",
    "le wifi redemande sa connexion à chaque changement d'étage",
    "mon mot de passe est accepté mais le tunnel tombe aussitôt",
    "ce n'est pas Outlook qui est lent, c'est la connexion entière",
    "le lien entre le {site} et le centre de données est saturé {since}"};
constexpr std::string_view kNetworkDetails[] = {
    "la box de la maison a été redémarrée",
    "mes collègues de la {room} ont la même chose",
    "par câble c'est pareil",
    "le partage de connexion du téléphone dépanne un peu",
    "l'adresse du poste est {ip}",
    "la coupure a commencé à {hour}",
    "le test de débit donne {n} mégabits",
    "le voyant de la prise reste éteint"};
constexpr std::string_view kNetworkObjects[] = {
    "le VPN",          "le wifi",  "la connexion internet", "le réseau de la {room}",
    "la prise réseau", "le proxy", "le réseau invité"};
constexpr std::string_view kNetworkTopics[] = {
    "le VPN en télétravail", "une ouverture de port vers {host}", "les coupures de wifi en {room}",
    "le débit du {site}", "le déblocage de {url}"};

constexpr std::string_view kBusinessSubjects[] = {"{app} en erreur",
                                                  "{app} ne répond plus",
                                                  "{code} dans {app}",
                                                  "clôture impossible",
                                                  "facture bloquée dans {app}",
                                                  "lenteur de {app}",
                                                  "{app} : données manquantes",
                                                  "mise à jour de {app}",
                                                  "export de {app} vide",
                                                  "paramétrage de {app}",
                                                  "calcul faux dans {app}",
                                                  "bon de commande en doublon",
                                                  "incident sur {app}",
                                                  "question sur {app}",
                                                  "édition dans {app}"};
constexpr std::string_view kBusinessProblems[] = {
    "{app} affiche {code} à chaque validation",
    "la clôture mensuelle tourne {since} dans {app} sans finir",
    "une facture de {amount} est bloquée au statut « à valider » dans {app}",
    "l'export de {app} vers Excel sort un fichier vide",
    "{app} calcule une TVA fausse depuis la dernière version",
    "les bons de commande apparaissent en double dans {app}",
    "{app} se ferme dès que j'ouvre le dossier {ref}",
    "le client {ref} n'existe plus dans {app} alors que je l'ai créé {when}",
    "{app} met {n} secondes à ouvrir une fiche",
    "le menu « règlements » a disparu de {app} après la mise à jour",
    "les congés posés dans {app} ne descendent pas en paie",
    "je ne trouve pas comment annuler une écriture dans {app}",
    "l'interface entre {app} et la banque n'a rien envoyé {when}",
    "le tableau de bord de {app} montre encore les chiffres de la semaine dernière",
    "il faudrait ajouter le code analytique {ref} dans {app}",
    "{app} refuse d'enregistrer : « champ obligatoire » sans dire lequel",
    "le mail de relance de {app} part avec un mauvais montant",
    "les étiquettes générées par {app} portent une mauvaise référence, l'imprimante est bonne",
    "j'entre bien dans {app} avec mon mot de passe, mais l'écran de saisie reste vide",
    "la réception de la commande {ref} ne se valide pas dans {app}"};
constexpr std::string_view kBusinessDetails[] = {"la base de test donne le bon résultat",
                                                 "l'éditeur a livré une version {when}",
                                                 "cela concerne le dossier {ref}",
                                                 "le service {service} est bloqué",
                                                 "l'écran de saisie reste grisé",
                                                 "le montant attendu est de {amount}",
                                                 "le traitement de nuit s'est arrêté à {hour}",
                                                 "{person} a vu la même erreur"};
constexpr std::string_view kBusinessObjects[] = {"{app}",
                                                 "le module de facturation",
                                                 "le logiciel de paie",
                                                 "le tableau de bord de {app}",
                                                 "l'interface bancaire",
                                                 "l'export de {app}"};
constexpr std::string_view kBusinessTopics[] = {"une erreur dans {app}", "la clôture dans {app}",
                                                "la facture {ref}", "le calcul de la paie",
                                                "une évolution de {app}"};

constexpr std::string_view kFileSubjects[] = {"dossier partagé inaccessible",
                                              "fichier supprimé par erreur",
                                              "restauration de fichiers",
                                              "lecteur réseau disparu",
                                              "partage plein",
                                              "fichier verrouillé",
                                              "accès au dossier {service}",
                                              "SharePoint ne synchronise plus",
                                              "restaurer {file}",
                                              "droits sur un dossier",
                                              "lecteur {drive} introuvable",
                                              "OneDrive en conflit",
                                              "arborescence à créer",
                                              "quota atteint"};
constexpr std::string_view kFileProblems[] = {
    "le lecteur {drive} a disparu de mon explorateur {since}",
    "j'ai supprimé par erreur {file}, peut-on le restaurer",
    "le partage {path} est plein, plus personne ne peut enregistrer",
    "{person} verrouille {file} et se trouve en congé",
    "OneDrive crée des copies en conflit de {file}",
    "le dossier {path} est vide {since}",
    "SharePoint ne synchronise plus les documents du service {service}",
    "merci de créer un dossier partagé pour le service {service}",
    "je voudrais retrouver la version d'hier de {file}",
    "un collègue a déplacé tout le répertoire {path} sans le vouloir",
    "je lis {path} mais je ne peux rien y écrire",
    "{person} doit pouvoir ouvrir le dossier {path} en lecture",
    "le chemin est trop long pour copier {file} sur {drive}",
    "la sauvegarde de {path} n'a pas tourné {when}",
    "le raccourci vers {drive} pointe sur l'ancien serveur {host}",
    "{file} s'ouvre en lecture seule pour toute l'équipe",
    "le réseau va bien, seul le dossier {path} ne s'ouvre pas",
    "Excel n'a aucun souci, c'est le répertoire {path} qui refuse l'enregistrement",
    "il faudrait augmenter le quota de {path} de {n} gigas",
    "le lien de partage envoyé à {mail} a expiré"};
constexpr std::string_view kFileDetails[] = {"le fichier pesait {n} mégas",
                                             "la dernière version correcte date de {when}",
                                             "le chemin complet est {path}",
                                             "rien dans la corbeille",
                                             "{person} y accède encore",
                                             "le message parle d'un nom déjà utilisé",
                                             "nous sommes {n} à travailler dessus",
                                             "c'est le dossier des marchés en cours"};
constexpr std::string_view kFileObjects[] = {
    "le lecteur {drive}", "le dossier {path}", "OneDrive",
    "SharePoint",         "le partage {path}", "le répertoire du service {service}"};
constexpr std::string_view kFileTopics[] = {
    "la restauration d'un fichier", "le dossier partagé du service {service}",
    "la synchronisation de SharePoint", "le quota de {path}", "le lecteur {drive}"};

constexpr CategoryGrammar kCategories[] = {
    {"Réseau et VPN", 0.11, kNetworkSubjects, kNetworkProblems, kNetworkDetails, kNetworkObjects,
     kNetworkTopics},
    {"Logiciels métier", 0.11, kBusinessSubjects, kBusinessProblems, kBusinessDetails,
     kBusinessObjects, kBusinessTopics},
    {"Partages et fichiers", 0.08, kFileSubjects, kFileProblems, kFileDetails, kFileObjects,
     kFileTopics},
};

}  // namespace

std::span<const CategoryGrammar> SoftwareGrammar() { return kCategories; }

}  // namespace guichet
