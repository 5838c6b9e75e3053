// French.
import { readPack } from './pack.js';

export const fr = readPack(`
# talk
J’ai acheté le mien d’occasion il y a {n} ans et je n’ai jamais eu de souci jusqu’à la semaine dernière.
Regarde la vis sous le capot, sur les anciens modèles elle a tendance à se desserrer.
J’ai déjà essayé tout ça et rien n’a changé.
Chez moi, c’était finalement un simple contact encrassé.
Si tu les tailles court en mars, elles refleuriront à l’automne.
Les limaces ont tout mangé, alors cette année je les cultive en pot sur le rebord de la fenêtre.
Depuis la mise à jour ça marche, mais l’horloge retarde d’une heure à chaque démarrage.
Je ne dis pas que c’est une mauvaise machine, seulement qu’elle ne vaut pas le prix demandé.
Désolé pour la réponse tardive, j’étais absent ce week-end.
On trouve la pièce pour moins de {n} euros si on n’est pas pressé.
La descente est raide et pleine de pierres, il faut prendre son temps.
Je note toujours les réglages sur un papier avant de toucher à quoi que ce soit.
Grâce à {name} j’ai enfin trouvé la bonne taille.
Le bois doit sécher au moins deux étés avant qu’on puisse en faire quelque chose.
Ça dépend de ce que tu veux en faire.
Relis la première page du sujet, la réponse est dans le troisième message.
# news
Le conseil a voté mardi le maintien de la vieille bibliothèque pour {n} ans encore.
Les travaux ont duré plus longtemps que prévu, car on a découvert un puits sous le sol de la cuisine.
Personne n’a été blessé, mais la route est restée fermée une bonne partie de l’après-midi.
Le nombre de ceux qui viennent travailler à vélo a doublé depuis la fermeture du pont.
Elle s’est mise à peindre à soixante ans passés, dans une chambre au-dessus de la boulangerie de sa fille.
Les paysans de la vallée disent n’avoir jamais connu un printemps aussi sec.
La maire a expliqué que la ville n’avait pas les moyens du projet, ni ceux d’y renoncer.
Les prix ont augmenté de {n} pour cent en un an.
Il pleuvait quand le train est enfin parti, avec deux heures de retard.
Le film raconte l’histoire d’un horloger qui perd la vue et continue de travailler à l’oreille.
Le bac circulera toutes les heures jusqu’à la fin de septembre.
# docs
La fonction renvoie le nombre d’octets écrits, ou une valeur négative si le flux est fermé.
Ouvrez les paramètres et choisissez le compte à utiliser pour les nouveaux messages.
Par défaut, le serveur écoute sur le port 8080 de l’interface locale.
Cette option est sans effet quand le cache est désactivé.
Si le fichier n’existe pas, il est créé avec les droits de son dossier.
L’exemple suivant montre comment lire un tableau et afficher la somme d’une colonne.
La valeur zéro signifie qu’il n’y a pas de limite.
Les erreurs sont signalées par le code de retour et inscrites dans le journal.
# product
Le {item} est fait pour ceux qui préfèrent garder un objet des années plutôt que d’en changer chaque hiver.
Son cadre est soudé d’un seul tube et pèse moins de {n} cents grammes.
Le couvercle ferme sans bruit et garde le contenu au chaud pendant {n} heures.
Toutes les pièces d’usure se changent à la maison avec la clé fournie.
Le manche est tourné dans le hêtre et huilé deux fois.
Laver à la main à l’eau froide et sécher à l’ombre.
# review
Je m’en sers tous les jours depuis un mois et j’en suis très content.
Arrivé avec deux jours de retard, mais rien ne manquait.
Cassé au bout de {n} semaines, et le magasin ne répond pas.
Fait ce qu’on lui demande.
La couleur est plus foncée que sur la photo.
# comment
Merci pour ce texte, c’est la première explication que je comprends.
Je ne suis pas du tout d’accord avec le dernier point.
Fait hier, tout le monde en a redemandé.
Il y a une erreur au deuxième paragraphe, le pont est plus récent.
Belles photos !
La même chose est arrivée chez nous et personne n’en a rien appris.
# legal
Nous ne conservons vos données que le temps nécessaire à votre commande.
Vous pouvez retirer votre consentement à tout moment.
L’exploitant n’est pas responsable du contenu des sites vers lesquels renvoie celui-ci.
# company
Nous fabriquons des outils pour les petits ateliers et les aidons à trouver des clients.
Notre équipe de {n} personnes travaille dans deux vieilles granges au bord de la rivière.
Livraison gratuite à partir de {n} euros.
Dites-nous ce qu’il vous faut et vous recevrez une offre sous deux jours.
# asks
Quelqu’un d’autre a vu ça ?
Quelqu’un sait comment s’appelle cette pièce ?
Est-ce que ça vaut la réparation ?
Qu’est-ce que je fais de travers ?
# short
Merci !
+1
Pareil chez moi.
Résolu, merci à tous.
Non.
Un petit up.
Mauvaise section, déplacé.
Tout à fait d’accord.
# greetings
Bonjour à tous,
Salut,
Bonsoir,
# thanks
Merci d’avance !
Cordialement
À bientôt
# threads
Bruit bizarre au bout de {n} minutes
Quelle lampe pour un petit atelier ?
{item} ne démarre plus après la mise à jour
[RÉSOLU] Pas de son à gauche
Tomates et gelées tardives
Vos lectures du moment
# headlines
La vieille bibliothèque reste ouverte
Pourquoi le pain demande du temps
Une maison où personne n’entre
Le pont est de nouveau fermé
Un printemps sans pluie
# headings
Présentation
Premiers pas
Installation
Réglages
Exemples
Limites
Dépannage
Historique
# kinds
Veste de pluie
Lampe de bureau
Bouilloire
Sac à dos
Établi
Couteau à pain
# names
Hélène Mercier
Paul Aubry
Inès Lambert
Luc Garnier
Odile Perrin
# steps
Préchauffer le four à 180 degrés et beurrer le moule.
Battre les œufs avec le sucre.
Incorporer la farine cuillerée par cuillerée.
Cuire {n} minutes puis laisser refroidir.
Saler, poivrer et servir aussitôt.
# foods
{n} g de farine
2 œufs
1 gros oignon émincé
une pincée de sel
3 c. à s. d’huile d’olive
# specs
Poids : {n}0 g
Largeur : {n} cm
Matière : acier
Couleur : vert foncé
Garantie : 2 ans
# forums
Discussions générales
Atelier et outils
Jardin et balcon
Informatique et réseaux
Balades et voyages
# places
12, rue du Port
4, chemin du Moulin
77, avenue de la Gare
# verses
La lampe est basse et le chemin est blanc,
rien ne remue que la neige et le vent ;
je compte les fenêtres une à une
et je les souffle en regardant la lune.
La rivière garde ce qu’on lui dit
et l’emporte au sel avant midi.
`);
