// Nominative, genitive and abbreviated forms, lower case. Source: the Unicode CLDR's Gregorian months (wide and
// abbreviated, format and stand-alone), less forms of one or two letters and those that are common words elsewhere.
#include "months.h"

#include <algorithm>
#include <string>
#include <vector>

#include "refine/unicode.h"

namespace refine::html {
namespace {

constexpr const char* kNames[13] = {
    "january jan jänner januar januari janvier janv enero ene gennaio gen janeiro styczeń stycznia stycz leden ledna január januára janeiros ocak ianuarie ian января январь янв січня січень januarja januára "
    "siječanj siječnja јануар януари ιανουαρίου ιανουάριος ιαν tammikuu tammikuuta január jaanuar jaanuari janvāris janvārī sausio sausis gener januar يناير كانون gennaju ionawr yanvar қаңтар",
    "february feb febr februar februari février fevrier févr fév febrero febbraio febb fevereiro fev luty lutego února únor február februára şubat şub februarie февраля февраль фев лютого лютий februarja "
    "veljača veljače фебруар февруари φεβρουαρίου φεβρουάριος φεβ helmikuu helmikuuta veebruar veebruari februāris februārī vasario vasaris febrer فبراير شباط",
    "march mar mär märz maerz mrz maart mrt mars marzo março marco marzec marca marz březen března marec mart martie марта март мар березня березень ožujak ožujka μαρτίου μάρτιος μαρ maaliskuu maaliskuuta "
    "március märts märtsi marts kovo kovas març مارس آذار",
    "april apr avril avr abril abr aprile kwiecień kwietnia kwi duben dubna apríl apríla nisan nis aprilie апреля апрель апр квітня квітень aprila travanj travnja април απριλίου απρίλιος απρ huhtikuu "
    "huhtikuuta április aprill aprilli aprīlis aprīlī balandžio balandis أبريل ابريل نيسان",
    "may mai mei maj mayo maggio mag maio maj maja květen května máj mája mayıs мая май травня травень maja svibanj svibnja мај μαΐου μάιος μαϊ toukokuu toukokuuta május mai mail maijs maijā gegužės gegužė "
    "maig mayis مايو أيار",
    "june jun juni juin junio giugno giu junho czerwiec czerwca cze červen června jún júna haziran haz iunie июня июнь июн червня червень junija lipanj lipnja јун юни ιουνίου ιούνιος ιουν kesäkuu "
    "kesäkuuta június juuni juunis jūnijs jūnijā birželio birželis juny يونيو حزيران junij",
    "july jul juli juillet juil julio luglio lug julho lipiec lipca červenec července júl júla temmuz tem iulie июля июль июл липня липень julija srpanj srpnja јул юли ιουλίου ιούλιος ιουλ heinäkuu "
    "heinäkuuta július juuli juulis jūlijs jūlijā liepos liepa juliol يوليو تموز julij",
    "august aug augustus août aout agosto ago sierpień sierpnia sie srpen srpna augusta ağustos ağu августа август авг серпня серпень avgust avgusta kolovoz kolovoza август αυγούστου αύγουστος αυγ elokuu "
    "elokuuta augusztus august augustis augusti augusts augustā rugpjūčio rugpjūtis agost أغسطس اغسطس آب",
    "september sept sep septembre septiembre setiembre settembre sett setembro set wrzesień września wrz září septembra eylül eyl septembrie сентября сентябрь сен сент вересня вересень septembra rujan "
    "rujna септембар септември σεπτεμβρίου σεπτέμβριος σεπ syyskuu syyskuuta szeptember septembris septembrī rugsėjo rugsėjis setembre سبتمبر أيلول",
    "october oct okt oktober octobre octubre ottobre ott outubro out październik października paź říjen října október októbra ekim eki octombrie октября октябрь окт жовтня жовтень oktobra "
    "октобар октомври οκτωβρίου οκτώβριος οκτ lokakuu lokakuuta október oktoober oktoobri oktobris oktobrī spalio spalis أكتوبر اكتوبر تشرين",
    "november nov novembre noviembre novembro listopad listopada lis studený november novembra kasım kas noiembrie ноября ноябрь ноя листопада листопад novembra studeni studenog ноембар ноември νοεμβρίου "
    "νοέμβριος νοε marraskuu marraskuuta novembris novembrī lapkričio lapkritis نوفمبر",
    "december dec dez dezember décembre decembre déc diciembre dic dicembre dezembro grudzień grudnia gru prosinec prosince december decembra aralık ara decembrie декабря декабрь дек грудня грудень "
    "prosinac prosinca децембар декември δεκεμβρίου δεκέμβριος δεκ joulukuu joulukuuta detsember detsembri decembris decembrī gruodžio gruodis desembre desember des ديسمبر",
    "tháng",
};

struct Name { std::string name; int month; };
// Sorted by name. No name stands for two months: listopad, Croatian for October, is left to Polish and Czech.
const std::vector<Name>& names() {
  static const std::vector<Name> table = [] {
    std::vector<Name> out;
    for (int month = 1; month <= 13; ++month) {
      std::string_view rest = kNames[month - 1];
      while (!rest.empty()) {
        const size_t end = std::min(rest.find(' '), rest.size());
        if (end > 0) out.push_back({std::string(rest.substr(0, end)), month});
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
    std::stable_sort(out.begin(), out.end(), [](const Name& a, const Name& b) { return a.name < b.name; });
    return out;
  }();
  return table;
}

}  // namespace

int month_of(std::string_view word) {
  std::string lower;
  append_lower(word, lower);
  const auto& table = names();
  const auto found = std::lower_bound(table.begin(), table.end(), lower, [](const Name& a, const std::string& b) { return a.name < b; });
  return found != table.end() && found->name == lower ? found->month : 0;
}

}  // namespace refine::html
