#include "model/data/ticket_grammar.h"

namespace guichet {
namespace {

constexpr std::string_view kPurchaseSubjects[] = {"commande de matériel",
                                                  "demande d'achat",
                                                  "devis {new_device}",
                                                  "achat de licences {office}",
                                                  "besoin de {new_device}",
                                                  "renouvellement de licence",
                                                  "suivi de commande {ref}",
                                                  "nouveau matériel pour {service}",
                                                  "commande {ref} non livrée",
                                                  "demande de devis",
                                                  "remplacement par {new_device}",
                                                  "budget matériel",
                                                  "commande de toners",
                                                  "casque à commander"};
constexpr std::string_view kPurchaseProblems[] = {
    "je souhaite commander {new_device} pour {person}",
    "pouvez-vous me faire un devis pour {new_device}",
    "il nous faudrait {n} licences {office} supplémentaires",
    "où en est la commande {ref} passée {when}",
    "le service {service} aurait besoin de {new_device}, budget {amount}",
    "la licence {office} expire {date}, il faut la renouveler",
    "merci d'acheter {new_device}, le bon est signé par {person}",
    "j'ai reçu {new_device} {when}, mais ce n'est pas le modèle demandé",
    "quel est le prix de {new_device} au catalogue",
    "nous voulons équiper la {room} avec {new_device}",
    "la commande {ref} est arrivée incomplète",
    "il faut un code budgétaire pour valider l'achat de {new_device}",
    "peut-on annuler la commande {ref} de {new_device}",
    "stock de toners presque vide, en recommander {few}",
    "{device} n'est pas en panne, mais il me faudrait un modèle plus récent",
    "inutile de réparer {device}, nous préférons acheter du neuf",
    "le fournisseur attend un bon de commande pour {new_device}",
    "l'abonnement à {office} est à prendre pour {n} personnes",
    "la facture du fournisseur pour {new_device} dépasse le devis de {amount}",
    "j'aimerais un second mobile professionnel avec son forfait, validé par {person}"};
constexpr std::string_view kPurchaseDetails[] = {"le budget est de {amount}",
                                                 "la livraison serait pour la {room}",
                                                 "l'imputation est {ref}",
                                                 "{person} a donné son accord",
                                                 "il le faudrait {date}",
                                                 "le devis de l'an dernier était de {amount}",
                                                 "un modèle d'occasion conviendrait",
                                                 "la quantité est de {n}"};
constexpr std::string_view kPurchaseTopics[] = {
    "l'achat de {new_device}", "la commande {ref}", "un devis pour {new_device}",
    "le renouvellement des licences {office}", "une demande de matériel neuf"};

constexpr std::string_view kStaffSubjects[] = {"nouvel arrivant {date}",
                                               "arrivée de {person}",
                                               "départ de {person}",
                                               "fin de contrat",
                                               "stagiaire {service}",
                                               "mutation de {person}",
                                               "préparation d'un poste pour {date}",
                                               "retour de congé maternité",
                                               "intérimaire {service}",
                                               "changement de service",
                                               "clôture du compte de {person}",
                                               "dossier d'arrivée",
                                               "restitution de matériel",
                                               "prolongation de stage"};
constexpr std::string_view kStaffProblems[] = {
    "{person} arrive {date} au service {service}, merci de préparer PC, badge et boîte mail",
    "{person} nous quitte {date}, merci de fermer tous ses accès",
    "un stagiaire commence {date}, il lui faut un compte et {new_device}",
    "{person} passe du service {service} à la direction {date}",
    "un intérimaire remplace {person} {since}, il n'a encore rien pour travailler",
    "à qui rendre le PC, le téléphone et le badge de {person} après son départ",
    "le contrat de {person} est prolongé, ne coupez pas ses accès {date}",
    "nous accueillons {few} alternants {date}, quels délais pour les équiper",
    "{person} revient de congé parental {date}, il faut réactiver son compte et son poste",
    "{person} a quitté l'entreprise {when} mais son compte reste ouvert",
    "fiche d'arrivée : {person}, service {service}, site : {site}, début {date}",
    "l'arrivée de {person} est reportée, inutile de livrer le matériel maintenant",
    "qui doit signer la restitution du matériel de {person}",
    "nouvelle recrue au service {service} : téléphone, imprimante et accès {app} à prévoir",
    "{person} prend le poste de {person} {date}, avec les mêmes logiciels",
    "à la fin du stage de {person}, que devient sa boîte mail",
    "merci de transmettre le livret informatique à notre nouvelle collègue {person}",
    "deux personnes du service {service} déménagent vers le {site} {date}",
    "rien à commander pour {person}, son ancien matériel suit avec la mutation",
    "le départ de {person} est annulé, laissez son compte actif"};
constexpr std::string_view kStaffDetails[] = {"le contrat est de {few} mois",
                                              "le bureau sera en {room}",
                                              "la fiche des ressources humaines est jointe",
                                              "son responsable sera {person}",
                                              "son badge porte le numéro {n}",
                                              "le service {service} a validé",
                                              "il aura besoin de {app}",
                                              "même profil que {person}"};
constexpr std::string_view kStaffTopics[] = {
    "l'arrivée de {person}", "le départ de {person}", "la mutation de {person}",
    "le poste du nouveau stagiaire", "la fin de contrat de {person}"};

constexpr std::string_view kDesktopSubjects[] = {"PC très lent",
                                                 "écran bleu",
                                                 "Windows ne démarre plus",
                                                 "mise à jour Windows bloquée",
                                                 "ordinateur qui plante",
                                                 "installation de {office}",
                                                 "{office} ne s'ouvre plus",
                                                 "disque C plein",
                                                 "session très longue à ouvrir",
                                                 "PC bloqué au démarrage",
                                                 "problème d'affichage",
                                                 "redémarrages intempestifs",
                                                 "{office} plante",
                                                 "poste {asset}"};
constexpr std::string_view kDesktopProblems[] = {
    "mon PC met {n} minutes à démarrer {since}",
    "j'ai un écran bleu avec {code} plusieurs fois par jour",
    "la mise à jour de Windows reste bloquée à {n} %",
    "{office} ne s'ouvre plus {since}, la fenêtre disparaît",
    "le disque C est plein, il reste {n} mégas",
    "l'ordinateur redémarre tout seul en pleine réunion",
    "merci d'installer {office} sur le poste {asset}",
    "le bureau et mes raccourcis ont disparu à l'ouverture de session",
    "la barre des tâches ne répond plus {since}",
    "tout est lent, même {office} avec un petit fichier",
    "le PC reste sur le logo du fabricant au démarrage",
    "le clavier est passé en anglais dans Windows et je n'arrive pas à revenir",
    "{office} affiche {code} puis se ferme",
    "le poste {asset} ne sort plus de veille",
    "l'heure de Windows recule de {n} minutes chaque jour",
    "le navigateur ouvre une page blanche {since}, les autres postes vont bien",
    "je voudrais passer en Windows 11, mon poste le propose",
    "l'écran, le clavier et la souris sont bons, c'est Windows qui fige",
    "la session s'ouvre avec mon mot de passe mais sur un profil temporaire",
    "mes polices et ma résolution ont changé après la mise à jour {when}"};
constexpr std::string_view kDesktopDetails[] = {
    "le poste s'appelle {asset}",
    "le gestionnaire des tâches indique {n} % de processeur",
    "la dernière mise à jour date de {when}",
    "j'ai redémarré {few} fois",
    "c'est un portable de trois ans",
    "le message est {code}",
    "en mode sans échec c'est pareil",
    "l'autre session du même poste va bien"};
constexpr std::string_view kDesktopObjects[] = {
    "Windows",      "mon ordinateur", "le poste {asset}", "{office}", "la mise à jour de Windows",
    "le navigateur"};
constexpr std::string_view kDesktopTopics[] = {
    "l'installation de {office}", "la lenteur de mon PC", "l'écran bleu du poste {asset}",
    "la mise à jour de Windows", "la réinstallation de mon ordinateur"};

constexpr CategoryGrammar kCategories[] = {
    {"Commandes et achats",
     0.05,
     kPurchaseSubjects,
     kPurchaseProblems,
     kPurchaseDetails,
     {},
     kPurchaseTopics},
    {"Arrivées et départs", 0.05, kStaffSubjects, kStaffProblems, kStaffDetails, {}, kStaffTopics},
    {"Postes de travail", 0.06, kDesktopSubjects, kDesktopProblems, kDesktopDetails,
     kDesktopObjects, kDesktopTopics},
};

}  // namespace

std::span<const CategoryGrammar> RequestGrammar() { return kCategories; }

}  // namespace guichet
