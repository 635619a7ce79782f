import { texts, type Grammar } from './random.ts'

/** What people and programs write without harm in mind: `text` is where a text begins. */
export const proseGrammar: Grammar = {
  sp: [' '],
  text: texts(`
    {en} ¦ {en} ¦ {en} {en} ¦ {en} {en} {en} ¦ {de} ¦ {de} {de} ¦ {fr} ¦ {fr} {fr} ¦ {it} ¦ {es} ¦ {name} ¦ {name} {family} ¦ {name} {family} ¦ {address} ¦ {product} ¦ {product} ¦ {product} ¦ {price} ¦
    {code} ¦ {code} ¦ {en} \`{code}\` ¦ {json} ¦ {markdown} ¦ {url} ¦ {query} ¦ {mail} ¦ {math} ¦ {signature} ¦ {time} ¦ {talk} ¦ {talk} {en} ¦ {search} ¦ {search} ¦ {en}\n\n{signature} ¦ {chat} ¦ {chat} {en} ¦ {csv} ¦ {log} ¦ {path} ¦ {sqltalk} ¦ {sqltalk} {en} ¦ {phone} ¦ {form}`),
  n: texts(
    `1 ¦ 2 ¦ 3 ¦ 5 ¦ 10 ¦ 12 ¦ 14 ¦ 18 ¦ 24 ¦ 42 ¦ 99 ¦ 100 ¦ 1990 ¦ 2024 ¦ 7 ¦ 0.5 ¦ 3/4 ¦ 1-2 ¦ 8.5 ¦ 1,000`,
  ),
  noun: texts(
    `union ¦ table ¦ order ¦ group ¦ selection ¦ car ¦ meeting ¦ invoice ¦ coffee ¦ database ¦ user ¦ customer ¦ index ¦ case ¦ value ¦ set ¦ view ¦ key ¦ report ¦ script ¦ style ¦ form ¦ link ¦ image ¦ date ¦ limit ¦ event ¦ function ¦ procedure ¦ trade union ¦ wall clock ¦ necklace ¦ shop ¦ password ¦ account`,
  ),
  verb: texts(
    `select ¦ update ¦ drop ¦ insert ¦ delete ¦ create ¦ order ¦ join ¦ like ¦ set ¦ see ¦ buy ¦ call ¦ open ¦ close ¦ execute ¦ print ¦ show ¦ load ¦ use ¦ declare ¦ grant ¦ match ¦ send ¦ alter`,
  ),
  adj: texts(
    `new ¦ old ¦ all ¦ distinct ¦ red ¦ 1st ¦ next ¦ "big" ¦ 'small' ¦ well-known ¦ first ¦ last ¦ null ¦ true ¦ half ¦ open ¦ cheap ¦ so-called "{noun}" ¦ customer's`,
  ),
  conj: texts(
    `and ¦ or ¦ but ¦ and/or ¦ as ¦ in ¦ between ¦ from ¦ where ¦ having ¦ into ¦ not ¦ is ¦ then ¦ when ¦ like ¦ & ¦ - ¦ -- ¦ ; ¦ , ¦ :`,
  ),
  mark: texts(`. ¦ . ¦ ! ¦ ? ¦ ... ¦ ; ¦ :) ¦ ;-) ¦ !!! ¦ ) ¦ , ¦ ' ¦ " ¦ -- ¦ # ¦ * ¦ <3`),
  en: texts(`
    Please {verb} the {noun} {conj} the {adj} {noun}{mark} ¦ I'd {verb} a {noun} {conj} {n} {noun}s{mark} ¦ It's {n} o'clock {conj} we're late{mark} ¦ He said "{verb} {n}" {conj} left{mark} ¦ The {adj} {noun} is {n} {conj} {n}{mark} ¦ Don't {verb} it, {conj} you'll {verb} {n}{mark} ¦
    Can't {verb} 'til {n} {conj} I won't{mark} ¦ {verb} {n} {conj} {n} {noun}s from the {noun}{mark} ¦ ({adj} {noun} {conj} {noun}){mark} ¦ I've {n} {noun}s, {n} "{noun}s" {conj} {n} '{noun}s'{mark} ¦ What's the {noun} of {n} = {n}{mark} ¦ Rock 'n' roll {conj} '{n}s {noun}s{mark} ¦ You're {n}% {adj} {conj} that's {n}' x {n}"{mark} ¦
    If {noun} > {n} then {verb} {noun}{mark} ¦ A/B {noun} #{n} {conj} #{n}{mark} ¦ Either {n} or {n} {noun}s{mark} ¦ {n} and {n} is {n}{mark} ¦ the {noun}'s {noun}; {verb} {noun} {n}{mark} ¦ I {verb} "{noun}" or "{noun}"{mark} ¦ She's ({n}) {conj} he's ({n}){mark} ¦ that's it' or 'that's that{mark} ¦ {noun} = "{noun}" and {noun} = "{noun}"{mark} ¦ Use * {conj} + -- {verb} it{mark}`),
  de: texts(
    `Ich hab's nicht {conj} du hast {n} Stück{mark} ¦ Wie geht's? Mir geht's gut{mark} ¦ Der Preis beträgt {n},50 € (inkl. MwSt.){mark} ¦ "Grüße" aus Zürich, {n} Uhr{mark} ¦ Bitte {n} x „Müller's" bestellen{mark} ¦ Das ist so 'ne Sache; or so{mark} ¦ Bestellung Nr. {n} / Kunde #{n}{mark} ¦ Max-Planck-Str. {n}, 8000 Zürich`,
  ),
  fr: texts(
    `C'est l'été, n'est-ce pas ?{mark} ¦ J'ai {n} ans et l'autre aussi{mark} ¦ L'union fait la force{mark} ¦ Aujourd'hui, d'accord : {n} euros{mark} ¦ « Qu'est-ce que c'est ? »{mark} ¦ l'or et l'argent d'en bas{mark} ¦ s'il vous plaît -- merci{mark} ¦ D'abord l'un, puis l'autre (n° {n}){mark}`,
  ),
  it: texts(
    `L'amico dell'amica è all'estero{mark} ¦ C'è un po' d'acqua {n}°{mark} ¦ Dov'è l'uscita? Dall'altra parte{mark} ¦ Un'altra volta nell'{n}{mark}`,
  ),
  es: texts(
    `¿Qué tal? ¡Muy bien!{mark} ¦ {n} o {n} años y 'nada más'{mark} ¦ El niño comió {n} o más{mark} ¦ "Hola" o 'adiós'{mark}`,
  ),
  name: texts(
    `O'Brien ¦ D'Angelo ¦ Anne-Marie ¦ N'Golo ¦ Zoë ¦ José ¦ van der Berg ¦ Mc'Donald ¦ Seán ¦ Jean "JP" ¦ Dr. No ¦ Mary & Tom ¦ Björn ¦ Or ¦ Anders ¦ Null ¦ True ¦ Drop ¦ Union`,
  ),
  family: texts(
    `O'Neil ¦ d'Arc ¦ Smith, Jr. ¦ Müller ¦ Null ¦ Select ¦ de l'Hôpital ¦ Smith-Jones ¦ (née O'Hara) ¦ & Sons ¦ 3rd ¦ L'Oréal ¦ Benjamin "Ben" Grant`,
  ),
  address: texts(
    `{n} Main St. #{n} ¦ Apt. {n}-{n}, {n} O'Connell St ¦ {n}/{n} King's Road ¦ Box {n}; Union, NJ ¦ 123 Table Mesa Dr, Unit {n} ¦ c/o {name}, {n} St. John's Wood ¦ Suite {n} & {n}, Order Way ¦ Rue de l'Union {n} ¦ Select Ave {n} -- rear`,
  ),
  product: texts(`
    {n}" x {n}" {noun} ¦ {n}' {n}" tall ¦ {n} X {n}" {noun} ¦ {adj} {noun} ({n}-pack) ¦ {n}'s {noun} ¦ {noun} w/ {noun} & {noun} ¦ "{noun}" + "{noun}" ¦ {noun}, {n}" , {noun} ¦ {noun} - {n} & up ¦ women's {noun} size {n} ¦ '{n} {noun} ¦ {n}x{n} ({noun}) ¦ 1/{n}" {noun} ¦ {noun} or {noun}) ¦ {noun}' ¦ {noun}" ¦ "{noun} ¦ '{noun}' ¦ {n}'' {noun} ¦ {noun} *{adj}* ¦ {noun}/{noun} {n}ct ¦ {n} {noun} or {noun} ¦ {noun}! {noun} ¦ {n}-{n} {noun} ¦ #{n} {noun} ¦ {noun}'s -{n}% ¦ -{noun} ¦ {noun}= ¦ {n}@{n}`),
  price: texts(
    `$\{n} ¦ {n}.99 EUR ¦ CHF {n}.-- ¦ {n}% off; now {n} ¦ {n} or {n} USD ¦ <{n}$ ¦ > {n} and < {n} ¦ {n}-{n} ¦ ({n}) {n} ¦ {n}+{n}={n} ¦ CHF {n}'000.- ¦ 1'000'000 ¦ {n}'500.00`,
  ),
  code: texts(`
    if (a == b) { return c; } // done ¦ x = y + {n}; y--; ¦ for (i = 0; i < {n}; i++) sum += i ¦ const f = (a, b) => a || b; ¦ foo({n}, "bar") ¦ a && b || c ¦ #include <stdio.h> ¦ int *p = &x; /* pointer */ ¦ git commit -m "{noun}" ¦ npm i -- --save ¦ List<String> xs = new ArrayList<>(); ¦ Map<K, V> m; ¦ x ? y : z ¦ SELECT is a keyword ¦ obj['key'] = "value"; ¦ print("hello") ¦ def f(x): return x # {noun} ¦ a[i] = b[j]; ¦ vector<int> v({n}); ¦ i < n && j > m ¦ user.name = 'x' ¦ \${HOME}/bin ¦ grep -rn 'foo' . ¦ echo "$PATH" ¦ while(1); ¦ std::cout << x << y; ¦ x <- {n} ¦ $this->x = {n}; ¦ let s = 'a' + "b"; ¦ count(x) ¦ len(a) > {n} ¦ [x for x in y] ¦ lambda x: x*{n} ¦ a<b ¦ x=1&y=2 ¦ ls -la | grep x ¦ Promise<void> ¦ Array<Foo> ¦ <T extends Foo> ¦ @Override ¦ margin: 0 auto; ¦ a.b{color:red} ¦ (x) => x ¦ void main() {}`),
  json: texts(
    `{"a": {n}, "b": "x"} ¦ {"name":"{name}","n":{n}} ¦ [1,2,3] ¦ ["a","b"] ¦ {"x":null,"y":true} ¦ [{"id":{n}},{"id":{n}}] ¦ {"q":"a and b","or":[{n},{n}]} ¦ "{noun}" ¦ {'a': 'b', 'c': {n}} ¦ null ¦ {} ¦ {"select":"{noun}","from":"{noun}"} ¦ {"on":"load"}`,
  ),
  markdown: texts(
    `# {noun}\n\n- {n} ¦ **{adj}** {noun} -- _{noun}_ ¦ \`{noun}\` and \`{noun}\` ¦ > {en} ¦ [{noun}](https://x.example/{noun}) ¦ | a | b |\n|---|---|\n| 1 | 2 | ¦ - [x] {verb} {noun} ¦ 1. {verb}\n2. {verb} ¦ ---\n{noun} ¦ {noun} <{mail}> ¦ ![{noun}](a.png "{noun}") ¦ ## {n}. {noun} & {noun} ¦ \`\`\`\n{code}\n\`\`\` ¦ \`{code}\` is {adj} ¦ * {noun} * {noun} ¦ <br> {noun} ¦ <b>{noun}</b> {conj} <i>{noun}</i> ¦ <p>{en}</p> ¦ &lt;{noun}&gt;`,
  ),
  url: texts(
    `https://x.example/?a={n}&b={noun} ¦ https://x.example/{noun}#{noun} ¦ http://x.example:8080/a;b=c?d='e' ¦ /search?q={noun}+or+{noun} ¦ www.x.example/~user/{n} ¦ ftp://x.example/{n} ¦ https://x.example/a(b)_c ¦ tel:+41{n} ¦ mailto:a@x.example?subject={noun} ¦ /a/b.php?id={n}&sort=date&order=asc ¦ data.csv ¦ https://x.example/a,b;c ¦ android-app://com.x ¦ https://x.example/?q="{noun}"`,
  ),
  query: texts(
    `a={n}&b={noun} ¦ q={noun}&order=desc&limit={n} ¦ id={n};type={noun} ¦ {noun}:{n} AND {noun}:{n} ¦ {noun}:"{noun}" OR {noun}:{n} ¦ +{noun} -{noun} "{noun} {noun}" ¦ {noun} NOT {noun} ¦ ({noun} OR {noun}) AND {noun} ¦ title:({noun} AND {noun}) ¦ {noun}~{n} ¦ {noun}* ¦ price:[{n} TO {n}] ¦ name eq '{noun}' ¦ sort=-{noun} ¦ "{noun}" AND "{noun}" ¦ {noun} OR {n} ¦ from:{name} to:{name}`,
  ),
  mail: texts(
    `sample@x.example ¦ "A. Sample" <sample@x.example> ¦ a.b+c@x.example ¦ o'sample@x.example ¦ sample@x.example; other@x.example ¦ Sample, A. <a@x.example>`,
  ),
  math: texts(
    `{n} + {n} = {n} ¦ x < {n} and y > {n} ¦ a = b or b = c ¦ (x+{n})*(y-{n}) ¦ {n}^2 ¦ f(x) = {n}x + {n} ¦ {n} * {n} ¦ {n}/{n} ¦ {n}-{n}={n} ¦ x=1 ¦ 1=1 ¦ sin(x) + cos(y) ¦ |x| < {n} ¦ -{n} ¦ {n} <= x <= {n} ¦ E=mc^2 ¦ p < 0.05 ¦ {n} mod {n} ¦ {n} div {n}`,
  ),
  signature: texts(
    `--\n{name} {family}\n{mail} ¦ -- {name} ¦ Best,\n{name} ¦ {name} | {noun} | {phone} ¦ -- \nSent from my phone ¦ Cheers -- {name} ¦ ***** ¦ =====\n{noun} ¦ _____ ¦ ~{name}`,
  ),
  time: texts(
    `2024-01-{n}T12:00:00Z ¦ {n}:30 ¦ {n}/26/11 ¦ Mon, {n} Jan '24 ¦ {n} o'clock ¦ '99 ¦ {n}h ¦ 12:00--13:00 ¦ {n} Jan -- {n} Feb ¦ in the '80s and '90s`,
  ),
  talk: texts(
    `What does SELECT * do? ¦ how to union two tables ¦ difference between UNION and UNION ALL ¦ select from the menu or order by phone ¦ drop the table off at {n} ¦ insert into the slot {n} ¦ delete from my list ¦ update and set {n} alarms ¦ group by age, order by name ¦ having fun; limit {n} ¦ select one of {n} ¦ union of {n} and {n} ¦ exec summary ¦ execute order {n} ¦ create table tennis group ¦ if {n} then {n} else ¦ where is {n}? ¦ into the wild ¦ case {n} when open ¦ union select committee ¦ Select Union Members ¦ union all the way ¦ order by {n} pm ¦ order by Friday ¦ like {n} or {n} ¦ in ({n}) and out ¦ declare {n} items ¦ waitfor me ¦ sleep(y) ¦ sleep {n} hours ¦ null and void ¦ true or false ¦ yes or no ¦ to be or not to be ¦ either/or ¦ and {n} more ¦ or {n} ¦ or not ¦ is null ¦ not {n}`,
  ),
  search: texts(
    `{noun} {noun} ¦ {noun} and {noun} ¦ {noun} or {noun} ¦ {noun} {n} ¦ "{noun} {noun}" ¦ {n} {noun} ¦ {noun}'s {noun} ¦ {noun} & {noun} ¦ {noun} + {noun} ¦ {noun}; {noun} ¦ {noun}-{noun} ¦ {noun}, {noun} ¦ {noun} "{noun}" ¦ '{noun} {noun} ¦ {noun}' {noun} ¦ {noun}) ¦ ({noun} ¦ {n} and {n} ¦ {n} or {n} ¦ {noun} # {n} ¦ {noun} -- {noun} ¦ {noun} and {n} ¦ {n} in {noun} ¦ {noun} = {noun} ¦ {noun} in ({noun}) ¦ {noun} like {noun} ¦ {n} {noun} and {n} {noun} ¦ {noun}*`,
  ),
  chat: texts(
    `lol ¦ <3 ¦ :-) ;-) ¦ >_< ¦ ^^ ¦ o.O ¦ @{name} see #{noun} ¦ +1 ¦ -> {noun} ¦ => {noun} ¦ /me {verb}s ¦ >> {noun} ¦ <- this ¦ :/ ¦ \\o/ ¦ ¯\\_(x)_/¯ ¦ 'k ¦ w/o ¦ y'all ¦ "ok" ¦ '' ¦ !!! ¦ ??? ¦ *{verb}* ¦ ~{n} ¦ {n}/{n} ¦ <{name}> hi ¦ <joke>{noun}</joke> ¦ a <- b -> c ¦ <grin> ¦ </rant>`,
  ),
  csv: texts(
    `{n},{noun},"{noun}" ¦ {noun};{n};{noun} ¦ "{noun}","{noun}","{n}" ¦ '{noun}','{noun}' ¦ {n},{n},{n} ¦ {name}, {n}, {noun}`,
  ),
  log: texts(
    `[INFO] {noun}: {n} ms ¦ ERROR {n} -- {noun} not found ¦ {noun}={n} {noun}="{noun}" ¦ at Foo.bar(Baz.java:{n}) ¦ 127.0.0.1 - - [{n}/Jan/2024] "GET / HTTP/1.1" {n} ¦ Mozilla/5.0 (X11; Linux x86_64; rv:{n}.0) Gecko/20100101 ¦ Traceback (most recent call last): ¦ TypeError: x is not a function ¦ user={name} or={n} ¦ a=b; c=d; e="f" ¦ key: 'value' # {noun}`,
  ),
  path: texts(
    `C:\\Users\\{name} ¦ /usr/bin/{noun} ¦ ../{noun} ¦ {noun}.{noun}.txt ¦ \\\\server\\share ¦ ~/.{noun} ¦ {noun}_{n}.jpg ¦ {noun} (copy {n}).docx ¦ *.{noun}`,
  ),
  sqltalk: texts(
    `I can't {verb} from the {noun} where it's {n} ¦ It's a union, isn't it? select one ¦ Don't drop the table; it's {n} kg ¦ the user's order by name or date ¦ we've {n} and they've {n} ¦ We're "{verb}ing" {noun}s and "{noun}s" ¦ who's in? {n} or {n} ¦ 'twas {n} and all ¦ the '{noun}' or '{noun}' {noun} ¦ "{noun}" is not "{noun}" ¦ "{noun}" = "{noun}" ¦ I'm {n} and you're {n} ¦ I like '{noun}' like '{noun}' ¦ boys' or girls' {noun} ¦ {noun}' and '{noun} ¦ it's {n}=={n}, isn't it ¦ '{n}' and '{n}'`,
  ),
  phone: texts(`+41 {n} 123 45 67 ¦ (0){n} 123-4567 ¦ 1-800-{n} ¦ +1 ({n}) 555 x{n} ¦ 044/123 45 67`),
  form: texts(
    `on ¦ off ¦ yes ¦ {n} ¦ {noun}_id ¦ null ¦ undefined ¦ NaN ¦ 0 ¦ {n}.{n} ¦ {n},{n} ¦ -{n} ¦ true ¦ {noun}[] ¦ a.b.c ¦ {n}px ¦ #ff{n}00 ¦ rgb({n},{n},{n}) ¦ asc ¦ created_at desc ¦ {noun} asc, {noun} desc ¦ UTC+{n} ¦ de-CH ¦ en_US,en;q=0.{n} ¦ text/html, */* ¦ application/json; charset="utf-8" ¦ W/"{n}" ¦ Bearer abc.def.ghi ¦ Basic YWJj== ¦ {n}e{n} ¦ 0x{n}`,
  ),
}
