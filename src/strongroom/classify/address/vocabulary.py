"""The words of addresses: kinds of streets, parts of houses, states, and the small words inside names of places.

English (US, UK, CA, AU, IE), German (DE, AT, CH), French, Spanish, Italian, Dutch and Portuguese (PT, BR).

Must never: hold the name of a single street or town; the grammar has to find those it never saw.
"""

from __future__ import annotations

from typing import Final


def listed(text: str) -> frozenset[str]:
    """The words of `text`, as tokens know them."""
    return frozenset(text.casefold().split())


def codes(text: str) -> frozenset[str]:
    """The words of `text`, as they are written."""
    return frozenset(text.split())


EN_STRONG: Final = listed(
    "street st str avenue ave av road rd boulevard blvd blv lane ln drive dr court ct place pl terrace terr ter "
    "parkway pkwy pky highway hwy circle cir square sq close crescent cres gardens gdns grove mews turnpike tpke "
    "expressway expy freeway fwy alley aly esplanade parade causeway quay wharf bypass promenade prom trail trl "
    "villas"
)
"""Behind a number and a name these make a street by themselves."""

EN_WEAK: Final = listed(
    "way hill park walk row green rise view vista run ridge path loop plaza point heights hts landing meadow "
    "meadows creek crossing xing vale yard yards bridge fields field station estate estates gate court lodge pike "
    "bend cove cv pass glen hollow knoll orchard oval bluff tunnel spur springs circus buildings cottages arcade "
    "house mount highlands common commons junction canyon harbor manor mill mills overpass rapids shoals shores "
    "summit valley wells flats forge forks ford key keys island isle lakes light locks motorway mountain neck "
    "parks pines plains port prairie ranch rest skyway throughway trace track trafficway via viaduct village "
    "ville walks ways well"
)
"""These need a town, a part of a house, or nothing else on their line."""

EN_TITLES: Final = listed("st dr")
"""Kinds of streets that are also what stands before a name: "12 Main St, Dr Ellis"."""

EN_NUMBERED: Final = listed("avenue ave highway hwy route rte road rd interstate fm sr cr rr us street street")
EN_BEFORE_NUMBERED: Final = listed("county state us u.s old east west north south rural farm alt hwy highway")
EN_ALONE: Final = listed("broadway bowery strand piccadilly embarcadero cheapside haymarket poultry")
DIRECTIONS: Final = listed(
    "n s e w ne nw se sw n.e n.w s.e s.w north south east west northeast northwest southeast southwest"
)
EN_NOT_NAMES: Final = listed(
    "minutes minute min mins hours hour hrs days day weeks months years miles mile km meters metres feet ft "
    "blocks cars people users items more other way the a an of on in to from at by for and or per down up off "
    "along new next last different hard test flash thumb usb disk easy simple big step steps times time is are "
    "was were has have with not no ok only left right star stars total pm am one two three first second third "
    "percent usd eur px kb mb gb lane lanes side"
)
"""No street is called so in lower case: "5 minutes down the road", "2 hard drive"."""

EN_NOT_STREETS: Final = listed(
    "minutes minute min mins hours hour hrs days day weeks months years miles mile km meters metres feet ft "
    "blocks cars people users items more other way different hard test flash thumb usb disk easy simple step "
    "steps times percent usd eur px kb mb gb lane side"
)
"""Nor with a capital: "3 Minutes Drive"."""

NOT_BEFORE: Final = listed(
    "chapter section page pages version step top episode figure fig table line lines item items order ticket "
    "issue act part vol volume level phase stage grade rank lesson question kapitel seite abschnitt schritt "
    "version zeile abbildung tabelle chapitre page étape versión página paso capítulo pagina capitolo passo "
    "hoofdstuk pagina stap in since by until before after during seit ab um jahr copyright over about around "
    "nearly almost"
)
"""Behind these a number counts something and is on no house."""

DE_STRONG: Final = tuple(
    listed(
        "strasse str gasse allee weg platz ring damm ufer chaussee steig promenade pfad quai stieg stiege zeile "
        "twiete graben brücke kai stras gässchen gässle"
    )
)
DE_WEAK: Final = tuple(
    listed(
        "hof markt berg feld wall kamp redder deich hang halde winkel grund garten siedlung tor rain anger "
        "bogen steg "
        "wiese wiesen höhe park acker busch bruch au bach leite horst hagen stein eck ecke mühle see teich "
        "blick wald "
        "hain gärten breite länd lände staden hecke heide born brunnen bühl egg rank matte"
    )
)
DE_NOT_STREETS: Final = listed(
    "arbeitsplatz spielplatz parkplatz sitzplatz stellplatz fußballplatz sportplatz speicherplatz tabellenplatz "
    "startplatz stehplatz schlafplatz campingplatz flugplatz standplatz bauplatz studienplatz ausbildungsplatz "
    "kitaplatz umweg ausweg rückweg heimweg hinweg dienstweg rechtsweg lehrweg radweg gehweg schulweg arbeitsweg "
    "fluchtweg lösungsweg zahlungsweg übertragungsweg kommunikationsweg lieferweg halbweg feldweg durchweg "
    "boxring ohrring ehering rettungsring schlüsselring einstieg ausstieg aufstieg abstieg umstieg anstieg "
    "bürgersteig bahnsteig zufahrtsweg wasserstraße milchstraße datenautobahn kai vertriebsweg postweg "
    "beschwerdeweg instanzenweg"
)
DE_TYPES: Final = listed(
    "straße strasse str weg platz allee gasse ring damm ufer chaussee promenade steig pfad graben markt berg hof "
    "wall"
)
DE_PREPOSITIONS: Final = listed("am an auf im in zum zur bei hinter vor unter beim über ob vorm unterm hinterm")
DE_ARTICLES: Final = listed("der den dem die das")
DE_NOT_NAMES: Final = listed(
    "der die das den dem ein eine einen einem auf er sie es belegte erreichte und oder ist war noch nur "
    "freie freier "
    "freien kein keine viel jeder jede dieser diese dieses anderen richtige richtigen falsche falschen direkte "
    "direkten kürzeste kürzesten ganze ganzen ersten zweiten dritten erster zweiter dritter letzter letzten"
)
"""No street is called so, though a capital may begin the sentence."""

DE_ADJECTIVES: Final = listed(
    "alte alter altes alten neue neuer neues neuen große großer großen kleine kleiner kleinen obere oberer oberen "
    "obern untere unterer unteren hintere hinterer vordere vorderer mittlere mittlerer lange langer kurze kurzer "
    "hohe hoher innere innerer äußere äußerer breite breiter enge sankt st heilige rote weiße schwarze grüne"
)

NL_STRONG: Final = tuple(
    listed(
        "straat laan gracht kade singel plein dijk steeg dreef plantsoen weg straatweg boulevard pad laantje "
        "straatje "
        "steegje pleintje hofje weggetje grachtje"
    )
)
NL_WEAK: Final = tuple(
    listed(
        "hof park markt wal poort erf akker weide oord dorp haven veld baan burg einde ring kamp hout horst "
        "land donk "
        "lei vest brink kolk meent weer"
    )
)
NL_BEFORE: Final = listed(
    "nieuwe oude grote kleine korte lange eerste tweede derde vierde burgemeester prins prinses koning koningin "
    "sint st van der den de het ten ter te generaal graaf gravin dr prof professor jan 1e 2e 3e 4e dokter "
    "minister president pastoor kapitein admiraal keizer keizerin hoge lage voorste achterste"
)
NL_PARTICLES: Final = listed("van der den de ten ter het")
NL_FIRST: Final = listed("laan plein kade weg singel hof")

FR_TYPES: Final = listed(
    "rue avenue av ave boulevard bd bld blvd boul place pl chemin ch impasse imp allée allee allées quai route "
    "rte cours square sq passage villa sentier faubourg fg fbg cité résidence esplanade promenade ruelle "
    "lotissement lot hameau montée traverse voie venelle rond-point chaussée mail parvis côte descente zone za zi"
)
ES_TYPES: Final = listed(
    "calle c/ cl avenida avda avd av plaza plza pza paseo pso camino cno carretera ctra ronda travesía travesia "
    "glorieta carrer rambla callejón pasaje urbanización urb cuesta alameda vía cañada acceso vial pasadizo "
    "costanilla bulevar calzada prolongación privada colonia polígono pol poblado pje rúa barrio jirón carrera"
)
IT_TYPES: Final = listed(
    "via viale v.le piazza p.za p.zza piazzale p.le corso c.so largo vicolo strada lungomare contrada borgo "
    "località rotonda canale salita calata galleria traversa frazione fraz campo calle fondamenta rione stradone "
    "vico lungarno lungotevere"
)
PT_TYPES: Final = listed(
    "rua r avenida av travessa tv praça pç pça praceta largo lg estrada alameda rodovia beco calçada ladeira "
    "quinta viela via parque vila jardim loteamento conjunto quadra qd viaduto vereda praia sítio azinhaga "
    "rotunda urbanização escadinhas cais"
)
DE_FIRST: Final = listed("straße platz allee weg ufer ring")
"""Before "der" or "des": "Straße des 17. Juni", "Platz der Republik"."""

TYPES_FIRST: Final = DE_FIRST | FR_TYPES | ES_TYPES | IT_TYPES | PT_TYPES | NL_FIRST
TYPES_LOWER: Final = listed(
    "rue avenue boulevard place chemin impasse allée quai route passage calle avenida plaza paseo camino "
    "carretera ronda travesía carrer via viale piazza corso vicolo strada contrada piazzale largo rua travessa "
    "praça estrada alameda c/ avda av ctra bd r"
)
"""Kinds that are met in lower case too; the others are everyday words then."""

TYPES_AMBIGUOUS: Final = listed(
    "via r av ch lot place pl cours square sq passage villa cité residence mail zone za zi imp cl largo campo "
    "canale galleria strada parque vila jardim conjunto quadra colonia acceso c lg tv ave laan plein kade weg "
    "singel hof promenade esplanade côte privada pol urb vial via quinta praia fg corso avenue route boulevard"
)
"""English words or letters among them: these need a name and a number close by, or a town."""

PARTICLES: Final = listed(
    "de del della delle dello dei degli d da das do dos du des la le les los las el l al alla a à au aux e et y i "
    "in nel sur sous lès lez en di san santa santo van der den het ten ter aan op bij of the von vom zum zur am "
    "an im auf ob vor unter bei von und d' l' upon on à-la san"
)
CITY_PARTICLES: Final = listed(
    "am an der im in bei ob vor unter auf v.d v d sur sous lès lez les los las en de du des la le del della di "
    "nel nell sul aan den op do da dos das e y upon on of the bij zee nad pod a.d a aux à u"
)
CITY_PREFIXES: Final = listed(
    "bad san santa santo sankt st st. saint sainte são new los las la le les el den nova novo vila ciudad villa "
    "castel castelo monte reggio fort ft port mount mt lake north south east west great little upper lower salt "
    "long palm ste schwäbisch markt neu alt groß klein hohen nueva puerto cabo rio belo porto campo ponte ponta "
    "santiago kansas oklahoma grand cedar baton corpus des el beverly daly iowa jersey mexico panama quebec sioux "
    "virginia winston royal 's the old cape sierra boca coral colorado green high hot king little cidade juiz foz "
    "feira monte torre hong milton stoke newcastle kingston bury burton stow chester ashby market"
)
"""A town that begins with one of these has another word behind it."""

NOT_CITIES: Final = listed(
    "tel telefon telephone phone fax mobil mobile email e-mail mail web www http https ust ustid iban bic attn "
    "euro eur usd menschen personen nutzer kunden stück einwohner mitarbeiter teilnehmer jahre tage stunden "
    "minuten meter kilometer zeilen zeichen einträge datensätze tokens token users items people records rows "
    "requests bytes points members employees customers dollars miles euros personnes habitants utilisateurs "
    "clients personas habitantes usuarios clientes persone abitanti utenti clienti pessoas habitantes "
    "utilizadores personen inwoners gebruikers klanten dear hallo hi hello sehr mit best kind regards mfg lg "
    "vielen danke thanks thank the and und please bitte bestellungen anfragen fehler dateien zugriffe besucher "
    "aufrufe patienten fälle artikel einheiten wörter seiten requests files errors events messages orders units "
    "visitors downloads views words pages lines clicks commandes pedidos january february march april may june "
    "july august september october november december januar februar märz mai juni juli oktober dezember monday "
    "tuesday wednesday thursday friday saturday sunday gmbh ag inc error info warn debug"
)

UNIT_NAMED: Final = listed(
    "apt apartment appartement appt app suite ste unit flat floor fl room rm bldg building lot trlr spc space pmb "
    "level wohnung whg top stiege aufgang haus zimmer etage apto apart appartamento bât bâtiment bat batiment esc "
    "escalier résidence residence porte piso puerta pta escalera portal bloque planta interno int scala piano "
    "palazzina sc bloco casa sala andar fração lote bus unit boîte bte box studio penthouse ph dept department "
    "hoog verdieping letter tower block shop office entrance eingang c.p edificio edifício ed cedex mc"
)
"""Parts of a house that a number or letter follows."""

UNIT_ALONE: Final = listed(
    "hinterhaus vorderhaus seitenflügel gartenhaus quergebäude dachgeschoss erdgeschoss eg dg ug hh vh rdc r/c "
    "bajo ático atico entresuelo principal basement huis hs rez-de-chaussée penthouse souterrain parterre"
)
UNIT_SIDES: Final = listed(
    "links rechts mitte izq izqda izquierda dcha derecha dta esq esquerdo dto direito fte frente centro left "
    "right gauche droite a b c d e f g h"
)
UNIT_BEHIND: Final = listed(
    "og ug stock stockwerk etage obergeschoss floor fl étage etg hoog verdieping piano piso planta andar dcha izq "
    "esq dto fte dg stiege"
)
"""Parts of a house that a number stands before: "3. OG", "2nd Floor"."""

ORDINALS: Final = listed("first second third fourth fifth sixth seventh eighth ninth tenth ground top lower upper")
CARE_OF: Final = listed("c/o co. z.hd")

_BOX_NAMES: Final = listed(
    "p.o_box p_o_box po_box post_office_box postfach postbus bp b.p boîte_postale apartado_de_correos apartado "
    "apartado_postal apdo casella_postale c.p caixa_postal locked_bag gpo_box private_bag psc cmr pf pobox"
)
BOXES: Final = tuple(sorted((tuple(name.split("_")) for name in _BOX_NAMES), key=lambda name: (-len(name), name)))
"""What a post office box is called, the longest first."""

BOX_FIRST: Final = frozenset(words[0] for words in BOXES)
BOX_CAPITAL: Final = listed("bp b.p c.p psc cmr pf apartado apdo")
"""Too short or too common in lower case."""

US_STATES: Final = codes(
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK "
    "OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR VI GU AS MP FM MH PW AA AE AP"
)
CA_PROVINCES: Final = codes("AB BC MB NB NL NS NT NU ON PE QC SK YT")
AU_STATES: Final = codes("NSW VIC QLD SA WA TAS ACT NT")
BR_STATES: Final = codes("AC AL AP AM BA CE DF ES GO MA MT MS MG PA PB PR PE PI RJ RN RS RO RR SC SP SE TO")
IT_PROVINCES: Final = codes(
    "AG AL AN AO AP AQ AR AT AV BA BG BI BL BN BO BR BS BT BZ CA CB CE CH CL CN CO CR CS CT CZ EN FC FE FG FI FM "
    "FR GE GO GR IM IS KR LC LE LI LO LT LU MB MC ME MI MN MO MS MT NA NO NU OR PA PC PD PE PG PI PN PO PR PT PU "
    "PV PZ RA RC RE RG RI RM RN RO SA SI SO SP SR SS SU SV TA TE TN TO TP TR TS TV UD VA VB VC VE VI VR VT VV"
)
CH_CANTONS: Final = codes("AG AI AR BE BL BS FR GE GL GR JU LU NE NW OW SG SH SO SZ TG TI UR VD VS ZG ZH")
REGION_CODES: Final = US_STATES | CA_PROVINCES | AU_STATES | BR_STATES
REGION_TAILS: Final = IT_PROVINCES | BR_STATES | CH_CANTONS

REGIONS: Final = frozenset(
    name.replace("_", " ")
    for name in [
        "alabama",
        "alaska",
        "arizona",
        "arkansas",
        "california",
        "colorado",
        "connecticut",
        "delaware",
        "florida",
        "georgia",
        "hawaii",
        "idaho",
        "illinois",
        "indiana",
        "iowa",
        "kansas",
        "kentucky",
        "louisiana",
        "maine",
        "maryland",
        "massachusetts",
        "michigan",
        "minnesota",
        "mississippi",
        "missouri",
        "montana",
        "nebraska",
        "nevada",
        "new_hampshire",
        "new_jersey",
        "new_mexico",
        "new_york",
        "north_carolina",
        "north_dakota",
        "ohio",
        "oklahoma",
        "oregon",
        "pennsylvania",
        "rhode_island",
        "south_carolina",
        "south_dakota",
        "tennessee",
        "texas",
        "utah",
        "vermont",
        "virginia",
        "washington",
        "west_virginia",
        "wisconsin",
        "wyoming",
        "alberta",
        "british_columbia",
        "manitoba",
        "new_brunswick",
        "newfoundland",
        "nova_scotia",
        "ontario",
        "prince_edward_island",
        "quebec",
        "québec",
        "saskatchewan",
        "yukon",
        "nunavut",
        "victoria",
        "queensland",
        "tasmania",
        "new_south_wales",
        "south_australia",
        "western_australia",
        "northern_territory",
    ]
)
"""States spelled out, in lower case."""

COUNTRIES: Final = frozenset(
    name.replace("_", " ")
    for name in [
        "usa",
        "u.s.a",
        "us",
        "united_states",
        "united_states_of_america",
        "america",
        "uk",
        "u.k",
        "united_kingdom",
        "england",
        "scotland",
        "wales",
        "northern_ireland",
        "great_britain",
        "canada",
        "australia",
        "ireland",
        "republic_of_ireland",
        "germany",
        "austria",
        "switzerland",
        "france",
        "spain",
        "italy",
        "netherlands",
        "the_netherlands",
        "belgium",
        "luxembourg",
        "portugal",
        "brazil",
        "mexico",
        "deutschland",
        "österreich",
        "schweiz",
        "frankreich",
        "spanien",
        "italien",
        "niederlande",
        "belgien",
        "luxemburg",
        "belgique",
        "suisse",
        "allemagne",
        "espagne",
        "italie",
        "pays-bas",
        "españa",
        "méxico",
        "argentina",
        "chile",
        "colombia",
        "alemania",
        "francia",
        "italia",
        "svizzera",
        "germania",
        "nederland",
        "belgië",
        "brasil",
        "portugal",
        "liechtenstein",
        "luxembourg",
        "new_zealand",
        "india",
        "south_africa",
        "singapore",
        "poland",
        "polska",
        "denmark",
        "danmark",
        "sweden",
        "sverige",
        "norway",
        "norge",
        "finland",
        "czechia",
    ]
)

NEAR: Final = (
    EN_STRONG | EN_WEAK | EN_ALONE | TYPES_FIRST | DE_TYPES | BOX_FIRST | {"box", "straat", "postal", "code"}
) - listed("a c cl r i e d us the light key keys rest well mount ch house port park pass state")
"""One of these near a number is reason to look closer."""
