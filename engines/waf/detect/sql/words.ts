/** What part a word plays in SQL; words that play none are names. */
export const word = {
  name: 0,
  logic: 1,
  not: 2,
  /** Binary operators written as words that compare: LIKE, IN, IS … */
  compares: 3,
  /** Binary operators written as words that calculate: DIV, MOD, COLLATE … */
  calculates: 4,
  between: 5,
  union: 6,
  select: 7,
  constant: 8,
  /** Stands before an operand and leaves it one: BINARY, DISTINCT, ANY … */
  prefix: 9,
  case: 10,
  when: 11,
  thenPart: 12,
  else: 13,
  end: 14,
  from: 15,
  /** ORDER and GROUP, which BY follows. */
  sorted: 16,
  /** HAVING, LIMIT, OFFSET: a clause with an operand. */
  clause: 17,
  into: 18,
  procedure: 19,
  /** FOR and LOCK: the end of a query that locks. */
  locking: 20,
  where: 21,
  join: 22,
  as: 23,
  using: 24,
  by: 25,
  /** Begins a statement of its own. */
  statement: 26,
  /** A function whose call takes time, reads or writes files, runs programs, speaks over the network or leaks by error. */
  effect: 27,
  /** A function that tells of the server, without arguments. */
  informs: 28,
  /** Any other built-in function. */
  builtin: 29,
} as const

const lists: readonly (readonly [number, string])[] = [
  [word.logic, 'and or xor eqv imp'],
  [word.not, 'not'],
  [word.compares, 'like rlike regexp glob ilike is in similar sounds match isnull notnull overlaps contains'],
  [word.calculates, 'div mod collate escape uescape at over'],
  [word.between, 'between'],
  [word.union, 'union intersect except minus'],
  [word.select, 'select'],
  [
    word.constant,
    `null true false unknown current_user current_date current_time current_timestamp session_user system_user
    localtime localtimestamp utc_date utc_time utc_timestamp sysdate systimestamp rownum current_role
    current_catalog current_schema`,
  ],
  [
    word.prefix,
    `binary distinct all any some exists prior interval distinctrow sql_cache sql_no_cache high_priority
    straight_join sql_calc_found_rows sql_small_result sql_big_result sql_buffer_result`,
  ],
  [word.case, 'case'],
  [word.when, 'when'],
  [word.thenPart, 'then'],
  [word.else, 'else'],
  [word.end, 'end'],
  [word.from, 'from'],
  [word.sorted, 'order group'],
  [word.clause, 'having limit offset'],
  [word.into, 'into'],
  [word.procedure, 'procedure'],
  [word.locking, 'for lock'],
  [word.where, 'where'],
  [word.join, 'join inner outer cross natural on'],
  [word.as, 'as'],
  [word.using, 'using separator returning'],
  [word.by, 'by'],
  [
    word.statement,
    `alter analyze attach backup begin bulk call checkpoint commit copy create dbcc deallocate declare delete
    deny describe detach do drop exec execute explain grant handler insert kill load merge optimize pragma
    prepare print raiserror reconfigure rename reset restore revoke rollback savepoint set show shutdown
    truncate update vacuum waitfor with use`,
  ],
  [
    word.effect,
    `sleep benchmark pg_sleep pg_sleep_for pg_sleep_until load_file extractvalue updatexml xmltype
    get_lock release_lock master_pos_wait name_const gtid_subset gtid_subtract
    utl_inaddr.get_host_address utl_inaddr.get_host_name utl_http.request utl_http.request_pieces
    utl_smtp.open_connection utl_tcp.open_connection utl_file.fopen httpuritype dbms_pipe.receive_message
    dbms_lock.sleep dbms_session.sleep dbms_ldap.init dbms_xmlgen.getxml dbms_xmlquery.getxml
    dbms_utility.sqlid_to_sqlhash dbms_java.runjava dbms_java_test.funcall dbms_scheduler.create_job
    dbms_advisor.create_file dbms_assert.enquote_literal ctxsys.drithsx.sn ordsys.ord_dicom.getmappingxpath
    sys.fn_get_audit_file sys.xp_dirtree fn_xe_file_target_read_file fn_trace_gettable fn_my_permissions
    pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file pg_logdir_ls lo_import lo_export lo_get lo_create
    dblink dblink_connect dblink_exec query_to_xml database_to_xml table_to_xml schema_to_xml xpath_exists
    pg_cancel_backend pg_terminate_backend pg_reload_conf current_setting set_config generate_series
    openrowset opendatasource openquery xp_cmdshell xp_dirtree xp_regread xp_fileexist sp_oacreate
    sp_executesql load_extension randomblob zeroblob readfile writefile fts3_tokenizer sqlite_version
    sys_exec sys_eval sys_get sys_set lib_mysqludf_sys_info filetoclob filetoblob lotofile raise_application_error
    json_keys st_latfromgeohash st_longfromgeohash st_pointfromgeohash geometrycollection multipoint polygon
    multipolygon linestring multilinestring analyse procedure_analyse`,
  ],
  [
    word.informs,
    `version user database schema current_database connection_id row_count last_insert_id found_rows db_name
    host_name suser_name suser_sname user_name is_srvrolemember is_member has_dbaccess object_id object_name
    col_name serverproperty databasepropertyex has_table_privilege pg_backend_pid inet_server_addr
    inet_server_port inet_client_addr pg_postmaster_start_time sys_context userenv col_length
    sqlite_source_id last_insert_rowid app_name original_login getdate pg_current_xact_id uuid newid pi`,
  ],
  [
    word.builtin,
    `abs acos adddate addtime aes_decrypt aes_encrypt array_agg array_to_json array_to_string ascii asin atan
    atan2 avg bin bin_to_num binary_checksum bit_and bit_count bit_length bit_or bit_xor btrim cast ceil ceiling
    char char_length character_length charindex checksum chr coalesce compress concat concat_ws conv convert
    convert_tz cos cot count crc32 curdate curtime date date_add date_format date_part date_sub date_trunc
    dateadd datediff datename datepart datetime day dayname dayofmonth dayofweek dayofyear decode degrees
    dense_rank des_decrypt des_encrypt difference elt encode encrypt exp export_set extract field find_in_set
    first floor format format_number from_base64 from_days from_unixtime get_format greatest group_concat
    grouping hashbytes hex hextoraw hour if ifnull iif inet_aton inet_ntoa initcap insert instr int2
    json_agg json_array json_arrayagg json_extract json_object json_objectagg julianday last last_day lcase
    least left len length listagg ln locate log log10 log2 lower lpad ltrim make_set makedate maketime max
    md5 microsecond mid min minute month monthname nchar nullif nvl nvl2 oct octet_length ord
    overlay parsename password patindex period_add period_diff pg_typeof position pow power
    quarter quote quote_ident quote_literal quotename radians rand random randomuuid rank rawtohex
    regexp_instr regexp_like regexp_replace regexp_substr repeat replace replicate reverse right round
    row_number row_to_json rpad rtrim sec_to_time second sha sha1 sha2 sha512 sign sin soundex space split_part
    sqrt std stddev stddev_pop stddev_samp str str_to_date strcmp strftime string_agg string_to_array stuff
    subdate substr substring substring_index subtime sum tan time time_format time_to_sec timediff timestamp
    timestampadd timestampdiff to_base64 to_char to_clob to_date to_days to_hex to_json to_nchar to_number
    to_seconds to_timestamp translate trim trunc try_cast try_convert typeof ucase uncompress unhex unicode
    unistr unix_timestamp unnest upper utl_raw.cast_to_raw utl_raw.cast_to_varchar2 uuid_short values var_pop
    var_samp strcomp variance vsize week weekday weekofyear width_bucket xmlagg xmlelement xmlforest xmlserialize year
    yearweek xpath query_to_json dcount dlookup printf total hex_decode wm_concat
    now age changes total_changes nextval currval lastval setval isnull choose openjson openxml string_split host_id
    ident_current scope_identity textptr suser_id user_id file_name index_col type_name any_value sys_guid ora_hash
    nlssort dump lnnvl nanvl sys_connect_by_path uuid_to_bin bin_to_uuid weight_string clock_timestamp quote_nullable
    txid_current bitand likelihood instrb lengthb substrb`,
  ],
]

const classes: ReadonlyMap<string, number> = new Map(
  lists.flatMap(([part, names]) => names.split(/\s+/).map((name): [string, number] => [name, part])),
)

/** Packages and families of functions, which servers extend with every release. */
const families =
  /^(?:pg_|utl_|dbms_|xp_|sp_|st_|json_|jsonb_|regexp_|array_|to_|is_|has_|fn_|ctxsys\.|ordsys\.|xml[a-z]|current_|inet6?_|sys\.)[a-z]/

/** Longer words are names. */
export const WORD_LENGTH_MAX = 40

const HASHES = 1 << 14
const UNDERSCORE = 95
const DOT = 46
const LETTER_X = 120

/** A hash of the bytes from `start` to `end`, letters in either case alike. */
function hashOf(text: string, start: number, end: number): number {
  let hash = end - start
  for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + (text.charCodeAt(at) | 32)) | 0
  return hash & (HASHES - 1)
}

/** Which hashes words have: most names have none of these, and are told from words without being copied. */
const hashes = new Uint8Array(HASHES)
for (const name of classes.keys()) hashes[hashOf(name, 0, name.length)] = 1

/** Whether a name is of those that may belong to a family. */
function mayBeOfFamily(text: string, start: number, end: number): boolean {
  if ((text.charCodeAt(start) | 32) === LETTER_X) return true
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at)
    if (code === UNDERSCORE || code === DOT || (code >= 48 && code <= 57)) return true
  }
  return false
}

/** The part that the bytes from `start` to `end` play as a word, in whatever case. */
export function wordPart(text: string, start: number, end: number): number {
  if (end - start > WORD_LENGTH_MAX) return word.name
  if (hashes[hashOf(text, start, end)] === 0 && !mayBeOfFamily(text, start, end)) return word.name
  const lower = text.slice(start, end).toLowerCase()
  const part = classes.get(lower)
  if (part !== undefined) return part
  return families.test(lower) ? word.builtin : word.name
}
