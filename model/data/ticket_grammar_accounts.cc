#include "model/data/ticket_grammar.h"

namespace guichet {
namespace {

constexpr std::string_view kAccessSubjects[] = {"mot de passe oublié",
                                                "compte bloqué",
                                                "réinitialisation de mot de passe",
                                                "compte verrouillé après plusieurs essais",
                                                "mot de passe expiré",
                                                "demande d'accès à {app}",
                                                "plus d'accès à {app}",
                                                "double authentification perdue",
                                                "droits insuffisants dans {app}",
                                                "identifiants pour {app}",
                                                "accès refusé",
                                                "connexion impossible à ma session",
                                                "code de vérification non reçu",
                                                "droits pour {person}",
                                                "déblocage du compte de {person}"};
constexpr std::string_view kAccessProblems[] = {
    "j'ai oublié mon mot de passe de {app} et je ne peux plus entrer",
    "mon compte est verrouillé {since}, pouvez-vous le débloquer",
    "mon mot de passe a expiré {when} et l'écran de changement refuse le nouveau",
    "après {few} essais, mon compte Windows est bloqué",
    "merci de réinitialiser le mot de passe de {person}",
    "il me faudrait les droits de lecture sur {app} pour remplacer {person}",
    "je change de téléphone et je n'ai plus l'application de double authentification",
    "le code de vérification n'arrive plus sur mon téléphone, donc je ne peux pas m'identifier",
    "{app} répond « utilisateur ou mot de passe incorrect » alors que rien n'a changé",
    "pourriez-vous donner à {person} les mêmes droits que moi dans {app}",
    "mon identifiant n'est plus reconnu à l'ouverture de session ({code})",
    "je n'ai plus le rôle de valideur dans {app}, on me dit « accès refusé »",
    "le mot de passe de la boîte {mail} n'est connu de personne, il faudrait le réinitialiser",
    "l'imprimante me demande un code que je n'ai jamais reçu, pouvez-vous me créer un accès",
    "le VPN refuse mon mot de passe depuis que je l'ai changé {when}",
    "la page de changement de mot de passe tourne en boucle",
    "mon compte a été désactivé par erreur, je ne suis pas parti de l'entreprise",
    "je ne demande pas de réparer {app}, seulement de rouvrir mon accès",
    "le logiciel marche, ce sont mes identifiants qui ne passent plus",
    "pouvez-vous prolonger mon compte, il se ferme {date}"};
constexpr std::string_view kAccessDetails[] = {
    "j'ai bien vérifié la touche majuscule",
    "le message dit que le compte est temporairement suspendu",
    "je connais mon ancien mot de passe mais pas le nouveau",
    "mon responsable {person} peut valider la demande",
    "je me connecte avec {login}",
    "la question secrète ne me dit rien",
    "mes collègues entrent sans problème avec leur propre identifiant",
    "il me reste un seul essai avant le blocage"};
constexpr std::string_view kAccessObjects[] = {"mon compte Windows",
                                               "la double authentification",
                                               "mon identifiant pour {app}",
                                               "le portail des mots de passe",
                                               "ma carte à puce",
                                               "le compte de {person}"};
constexpr std::string_view kAccessTopics[] = {
    "la réinitialisation de mon mot de passe", "le déblocage de mon compte",
    "une demande de droits sur {app}", "mon code de double authentification",
    "l'accès de {person} à {app}"};

constexpr std::string_view kMailSubjects[] = {"messagerie en panne",
                                              "mails non reçus",
                                              "Outlook ne s'ouvre plus",
                                              "boîte pleine",
                                              "pièce jointe bloquée",
                                              "boîte partagée {mail}",
                                              "calendrier non synchronisé",
                                              "mail revenu en erreur",
                                              "redirection de mails",
                                              "liste de diffusion {service}",
                                              "réponse automatique à modifier",
                                              "signature de mail",
                                              "recherche dans Outlook",
                                              "invitations qui n'arrivent pas",
                                              "dossiers disparus dans Outlook"};
constexpr std::string_view kMailProblems[] = {
    "je ne reçois plus aucun mail {since}",
    "Outlook reste bloqué sur « chargement du profil » {since}",
    "mes messages partent dans la boîte d'envoi et n'en sortent pas",
    "ma boîte est pleine, je ne peux plus ni envoyer ni recevoir",
    "la boîte partagée {mail} n'apparaît plus dans Outlook",
    "les mails envoyés à {mail} reviennent avec {code}",
    "mon calendrier ne se synchronise plus avec mon téléphone",
    "merci d'ajouter {person} à la liste de diffusion {service}",
    "une pièce jointe de {n} Mo est refusée à l'envoi",
    "la réponse automatique de {person} tourne toujours alors que le congé est fini",
    "tous les dossiers de ma boîte ont disparu {when}",
    "les invitations de {person} arrivent avec une heure de décalage",
    "la recherche d'Outlook ne trouve plus les messages de plus de {n} jours",
    "pouvez-vous rediriger les mails de {person} vers {mail} pendant son absence",
    "mes mails arrivent chez le client dans les indésirables",
    "le carnet d'adresses est vide quand j'écris un nouveau message",
    "je peux lire mes mails sur le téléphone mais plus sur l'ordinateur, Outlook se ferme seul",
    "ma signature n'apparaît pas quand je réponds",
    "le mot de passe est bon, j'entre bien dans ma boîte, mais elle reste vide",
    "ce mail n'a rien de suspect, il est juste bloqué depuis {when} en quarantaine"};
constexpr std::string_view kMailDetails[] = {
    "la version web affiche la même chose",   "un fournisseur attend ma réponse",
    "le dernier message reçu date de {hour}", "j'ai déjà vidé les éléments supprimés",
    "{person} reçoit bien les siens",         "l'icône affiche un petit triangle jaune",
    "cela concerne l'adresse {mail}",         "j'ai {n} messages non lus qui ne s'ouvrent pas"};
constexpr std::string_view kMailObjects[] = {
    "la messagerie",        "Outlook",
    "la boîte {mail}",      "mon calendrier",
    "le carnet d'adresses", "la liste de diffusion {service}"};
constexpr std::string_view kMailTopics[] = {
    "la boîte partagée {mail}", "mes mails qui n'arrivent pas", "la panne d'Outlook",
    "la redirection des messages de {person}", "le calendrier partagé du service {service}"};

constexpr std::string_view kSecuritySubjects[] = {"mail suspect",
                                                  "tentative d'hameçonnage",
                                                  "alerte antivirus",
                                                  "j'ai cliqué sur un lien",
                                                  "possible virus",
                                                  "clé USB trouvée",
                                                  "vol d'ordinateur",
                                                  "message de rançon",
                                                  "faux message du directeur",
                                                  "connexion inconnue à mon compte",
                                                  "donnée envoyée par erreur",
                                                  "pièce jointe douteuse",
                                                  "signalement de sécurité",
                                                  "PC portable perdu"};
constexpr std::string_view kSecurityProblems[] = {
    "j'ai reçu un mail qui me demande mon mot de passe, cela ressemble à de l'hameçonnage",
    "j'ai cliqué sur le lien {url} et saisi mes identifiants, que dois-je faire",
    "l'antivirus affiche une menace bloquée sur mon poste {since}",
    "quelqu'un s'est connecté à mon compte depuis l'étranger {when}",
    "on m'a volé mon ordinateur portable dans le train {when}",
    "une fenêtre me demande de payer une rançon pour ouvrir mes fichiers",
    "un message signé du directeur réclame un virement urgent vers un nouveau compte",
    "j'ai trouvé une clé USB sur le parking et je l'ai branchée",
    "un inconnu a appelé en se disant du support et voulait prendre la main sur mon PC",
    "j'ai envoyé par erreur un fichier de salaires à {mail}",
    "j'ai ouvert {file} dans un mail inconnu, une fenêtre noire est apparue puis plus rien",
    "mon téléphone professionnel a été volé, il faut l'effacer à distance",
    "des mails partent de ma boîte sans que je les écrive",
    "le site {url} imite notre page de connexion",
    "l'antivirus est désactivé et je ne peux pas le relancer",
    "j'ai perdu le PC portable du service {service} avec des données clients",
    "un SMS prétend que mon colis informatique attend un paiement",
    "faut-il changer mon mot de passe après ce message suspect de {mail}",
    "je ne demande pas à recevoir ce mail, je vous le signale car il me semble frauduleux",
    "l'imprimante a sorti toute seule des pages qui réclament de l'argent"};
constexpr std::string_view kSecurityDetails[] = {"je n'ai rien ouvert d'autre",
                                                 "l'adresse de l'expéditeur est {mail}",
                                                 "j'ai débranché le câble réseau par précaution",
                                                 "plusieurs collègues ont reçu la même chose",
                                                 "je peux vous transférer le message",
                                                 "le logo est le nôtre mais il y a des fautes",
                                                 "j'ai prévenu {person}",
                                                 "dois-je porter plainte"};
constexpr std::string_view kSecurityTopics[] = {
    "un mail frauduleux", "une alerte de l'antivirus", "le vol de mon ordinateur",
    "un lien suspect reçu {when}", "une connexion inconnue sur mon compte"};

constexpr CategoryGrammar kCategories[] = {
    {"Accès et mots de passe", 0.13, kAccessSubjects, kAccessProblems, kAccessDetails,
     kAccessObjects, kAccessTopics},
    {"Messagerie", 0.12, kMailSubjects, kMailProblems, kMailDetails, kMailObjects, kMailTopics},
    {"Sécurité", 0.06, kSecuritySubjects, kSecurityProblems, kSecurityDetails, {}, kSecurityTopics},
};

}  // namespace

std::span<const CategoryGrammar> AccountGrammar() { return kCategories; }

}  // namespace guichet
