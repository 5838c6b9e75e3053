// See text_groups.h.
#include "text_groups.h"

#include <iterator>

#include "word_groups.h"

namespace refine::html {

const char* const kTextGroupNames[kTextGroupCount] = {"share", "comment", "more", "ad", "legal", "date", "by", "photo", "subscribe", "login", "tags", "counts", "recipe", "price", "cookie", "nav"};

namespace {
constexpr WordGroup kGroups[] = {
  {kTextShare, "share. share: teilen partager compart condivid udost deel.dit tweet facebook twitter whatsapp pinterest instagram follow.us folgen e-mail mail."},
  {kTextComment, "comment kommentar commentaire comentario commenti reply antworten respond responder leave.a discuss"},
  {kTextMore, "read.more more. weiterlesen lire.aussi lire.la related see.also mehr.zu lesen.sie auch.interessant continue.reading read.next also.read you.may you.might das.k recommended similar popular latest trending ver.m leer.m czytaj zobacz lees.ook more: mehr: siehe.auch previous next. zur.ck weiter"},
  {kTextAd, "advertis anzeige werbung sponsor publicid publicit reklam promot"},
  {kTextLegal, "copyright all.rights rechte.vorbehalten impressum datenschutz privacy terms.of terms.and reserved legal. \xC2\xA9 powered.by imprint agb. mentions aviso"},
  {kTextDate, "january february march. april may. june july august september october november december jan. feb. mar. apr. jun. jul. aug. sep. sept. oct. nov. dec. januar februar maerz juni juli oktober dezember uhr janvier juin juillet septembre octobre enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag sonntag published posted updated veroeffentlicht erstellt aktualisiert"},
  {kTextBy, "by. von. par. por. autor author geschrieben written"},
  {kTextPhoto, "photo foto bild: bild. credit image getty reuters dpa. afp. picture quelle source: caption"},
  {kTextSubscribe, "subscri newsletter abonn sign.up signup your.email suscr iscriviti"},
  {kTextLogin, "log.in login sign.in anmelden register registr password passwort account einloggen forgot"},
  {kTextTags, "tags tag: tagged schlagw kategorie categor filed.under posted.in stichwort etiquet topics"},
  {kTextCounts, "views likes replies posts: posts. joined: member antworten: beitr votes points followers shares"},
  {kTextRecipe, "cup. cups tsp tbsp tablespoon teaspoon gramm oz. ounce min. minutes preheat bake stir servings ingredients zutaten zubereitung"},
  {kTextPrice, "$ price shipping add.to.cart add.to buy.now warenkorb preis inkl. mwst in.stock"},
  {kTextCookie, "cookie consent gdpr"},
  {kTextNav, "home. contact about.us kontakt startseite sitemap menu search suche skip.to back.to.top nach.oben faq print drucken"},
};
}  // namespace

uint64_t text_groups(std::string_view text) {
  static const WordGroups words(kGroups, std::size(kGroups));
  return words.find(text);
}

}  // namespace refine::html
