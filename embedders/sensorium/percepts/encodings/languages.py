"""What texts of a language look like, by which an encoding is told: its letters, its small words.

A language is told by the letters beyond ASCII that it has, and where two share them by its most
frequent short words. Chinese, Japanese and Korean are told by their most frequent characters.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """What tells a text of one language.

    Attributes:
        letters: Its letters beyond ASCII, small and capital; for Chinese, Japanese and Korean its
            most frequent characters.
        words: Its most frequent words; none for languages of other scripts than the Latin one.
        frequent: Its most frequent letters, for those.
        encodings: The older encodings that its texts are in, by Python's names, those of one family
            from the most to the least usual.
    """

    letters: frozenset[str]
    words: frozenset[str]
    frequent: frozenset[str]
    encodings: tuple[str, ...]


WEST = ("cp1252", "iso8859_15", "cp850", "mac_roman")
EAST = ("cp1250", "iso8859_2", "cp852")
CYRILLIC = ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic")
BALTIC = ("cp1257", "iso8859_13", "cp775")
UKRAINIAN = ("cp1251", "koi8_u", "iso8859_5", "mac_cyrillic")
LATIN = {  # letters and words of languages that have the letters of ASCII, too
    "da": ("æøåé", "og i at det er en til på som med for ikke han hun de vi jeg den af var", WEST),
    "de": ("äöüß", "der die und in den von zu das mit sich ist nicht wir ich ein eine es im", WEST),
    "es": ("áéíóúñü", "el la de que y en un los se del las por con no una su para es al lo", WEST),
    "fi": ("äöå", "ja on oli hän se että ei en mutta niin kun kuin mitä olen me ovat", WEST),
    "fr": (
        "àâæçèéêëîïôùûüÿœ",
        "le la les de des et un une est en du que qui dans pour ne pas ou au je nous il elle sur",
        WEST,
    ),
    "is": ("áéíóúýðþæö", "og í að á er sem til var það við en hann ekki um ég með", WEST),
    "it": ("àèéìíîòóùú", "il la di che e un una in non per è sono con del della le si da", WEST),
    "nl": ("áéèëïóöüú", "de het een en van in is dat op te zijn met niet voor ik we aan er", WEST),
    "no": ("æøåéèêóòâô", "og i det er en til på som med for ikke han hun de vi jeg den av", WEST),
    "pt": ("áâãàçéêíóôõúü", "o a de que e do da em um uma para com não os no se na por mais", WEST),
    "sv": ("åäöé", "och i att det som en på är av för med den till inte han hon jag vi", WEST),
    "ca": ("àçèéíïòóúü·", "el la de i a que en un una per les els amb no és del al es", WEST),
    "en": (
        "éèêïöüñçàâôëî",
        "the of and to in a is was that for it with as on be at by i you we not he she my",
        WEST,
    ),
    "cs": ("áčďéěíňóřšťúůýž", "a v se na je to že s z do i o si jsem ale by jako pro tak", EAST),
    "hr": ("čćđšž", "i u je se na da su za od s ne što kao ali bi sam to iz", EAST),
    "hu": ("áéíóöőúüű", "a az és hogy nem is egy volt ez meg van már csak de ha mint", EAST),
    "pl": ("ąćęłńóśźż", "i w na z się nie do to jest że jak o za po a ale od co", EAST),
    "ro": ("ăâîşţ", "și şi de la în a cu nu o pe că un din este mai pentru am", EAST),
    "sk": ("áäčďéíĺľňóôŕšťúýž", "a v sa na je to že s z do i o si som ale by ako pre tak", EAST),
    "sl": ("čšž", "in je v na da se za so ne z s pa bi tudi ki sem kot po", EAST),
    "tr": ("çğıöşüİâîû", "ve bir bu da de için ile çok ne o ama gibi daha ben var", ("cp1254",)),
    "et": ("äõöüšž", "ja on ei et see ta oli kui aga ma ning ka oma mis", BALTIC),
    "lt": ("ąčęėįšųūž", "ir kad į iš su tai yra ne buvo kaip bet jis ar per", BALTIC),
    "lv": ("āčēģīķļņšūž", "un ir ka no uz ar par bija tas kas bet viņš nav es", BALTIC),
}
VIETNAMESE = (
    "ăâđêôơưàáãèéìíòóõùúýảạắằẳẵặấầẩẫậẻẽẹếềểễệỉĩịỏọốồổỗộớờởỡợủũụứừửữựỳỷỹỵ"
    "\u0300\u0301\u0303\u0309\u0323"  # CP-1258 has tones apart from their vowels
)
VIETNAMESE_WORDS = ("và", "của", "là", "có", "một", "cho", "không", "tôi", "này", "các")
_THAI = "านรอกเงวมยลท่ีสตะปบคด้หแจิพไชัใขู" + "".join(  # the frequent ones first
    map(chr, (*range(0x0E01, 0x0E3B), *range(0x0E3F, 0x0E5C)))
)
OTHERS = {  # languages of other scripts: their letters, the most frequent ones first
    "ru": ("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", CYRILLIC),
    "uk": ("оанивітерслкудмпзбяьгчйхжцїшюєщфґ", UKRAINIAN),
    "bg": ("аиоетнрсвлпдкмзъгбучяжщхцйшфью", CYRILLIC),
    "sr": ("аиоенрсјтувдкмлпзгбшчцњљћжђхџф", ("cp1251", "iso8859_5")),
    "el": ("ατοιενσρκπςμυληίάόγδέωχύήθώφβξζϊψϋΐΰ", ("cp1253", "iso8859_7")),
    "he": ("יוהלאתמרשבנםדכחעקפןצטגזסךףץְִֵֶַָֹּׁׂ", ("cp1255", "iso8859_8")),
    "ar": ("اليمونرتبةعدسفهكقحجىأشصطخضإءذئثزظغؤآ،؛؟ًٌٍَُِّْـ٪پچژگ", ("cp1256", "iso8859_6")),
    "th": (_THAI, ("cp874",)),
}
# The most frequent characters of running text, from the most frequent on
CHINESE = (
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小"
    "多然于心学么之都好看起发当没成只如事把还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期它"
    "头经长儿回位分爱老因很给名法间斯知世什两次使身者被高已亲其进此话常与活正感见明问力理尔点文几定本公特做外"
    "孩相西果走将月十实向声车全信重三机工物气每并别真打太新比才便夫再书部水像眼等体却加电主界门利海受听表德少"
    "克代员许先口由死安写性马光白或住难望教命花结乐色更拉东神记处让母父应直字场平报友关放至张认接告入笑内英军"
    "候民岁往何度山觉路带万男边风解叫任金快原吃妈变通师立象数四失满战远格士音轻目条呢王五六七八九二午早晚星期"
    "请您吗吧啊谢雨北南京市店买钱卖票号楼室图馆集合议改换坐客饭茶菜早饭今昨后晨刚完找送帮忙喜欢朋友公司"
)
TRADITIONAL = (
    "的一是了我不人在他有這個上們來到時大地為子中你說生國年著就那和要她出也得裡裏後自以會家可下而過天去能對小"
    "多然於心學麼之都好看起發當沒成只如事把還用第樣道想作種開美總從無情己面最女但現前些所同日手又行意動方期它"
    "頭經長兒回位分愛老因很給名法間斯知世什兩次使身者被高已親其進此話常與活正感見明問力理爾點文幾定本公特做外"
    "孩相西果走將月十實向聲車全信重三機工物氣每並別真打太新比才便夫再書部水像眼等體卻加電主界門利海受聽表德少"
    "克代員許先口由死安寫性馬光白或住難望教命花結樂色更拉東神記處讓母父應直字場平報友關放至張認接告入笑內英軍"
    "候民歲往何度山覺路帶萬男邊風解叫任金快原吃媽變通師立象數四失滿戰遠格士音輕目條呢王五六七八九二午早晚星期"
    "請您嗎吧啊謝雨北南京市店買錢賣票號樓室圖館集合議改換坐客飯茶菜今昨晨剛完找送幫忙喜歡朋公司"
)
JAPANESE = (
    "日一人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西"
    "電校語土木聞食車何南万毎白天母火右読友左休父雨京都会社駅店手家私新同思作使地場町道屋明夜朝昼夕週曜料付回"
) + "".join(map(chr, (*range(0x3041, 0x3097), *range(0x30A1, 0x30FB), 0x30FC)))  # kana
KOREAN = (
    "이다는의에고가을를한하지은로도서기사나시자어리대해인그라니스과정일아수부전보있들으내주제만상오마여것원때거구"
    "장문세물우간생동조신국면성모음무소안학말게경공용요개중위당방진치식화연관계회러심적선바비교야와던까려데려었"
    "았했습합입님저너우리네요세친집먹가오늘내일후시간에서까지부터처럼같이없않못좋많작큰새사람날년월분번두세네녕하"
)
IDEOGRAPHS = {  # frequent characters, and the encodings
    "zh": (CHINESE, ("gb18030",)),
    "zh-tw": (TRADITIONAL, ("big5hkscs", "gb18030")),
    "ja": (JAPANESE, ("cp932", "euc_jp")),
    "ko": (KOREAN, ("cp949",)),
}


def _both_cases(letters: str) -> frozenset[str]:
    capitals = {each.upper() for each in letters if len(each.upper()) == 1}
    return frozenset(letters) | capitals


MOST = 12  # letters that are two thirds of a text
LATINS = [
    *(
        Language(_both_cases(letters), frozenset(words.split()), frozenset(), encodings)
        for letters, words, encodings in LATIN.values()
    ),
    Language(_both_cases(VIETNAMESE), frozenset(VIETNAMESE_WORDS), frozenset(), ("cp1258",)),
]
FAMILIES = [  # texts of several languages that share an encoding
    Language(
        frozenset().union(*(each.letters for each in LATINS if each.encodings == family)),
        frozenset().union(*(each.words for each in LATINS if each.encodings == family)),
        frozenset(),
        family,
    )
    for family in (WEST, EAST, BALTIC)
]
SCRIPTS = [
    Language(_both_cases(letters), frozenset(), frozenset(letters[:MOST]), encodings)
    for letters, encodings in OTHERS.values()
]
EAST_ASIAN = [
    Language(frozenset(characters), frozenset(), frozenset(characters), encodings)
    for characters, encodings in IDEOGRAPHS.values()
]
