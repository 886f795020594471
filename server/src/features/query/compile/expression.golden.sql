-- properties["plan"] == "pro"  (filter, UTC)
(e.properties[{p0:String}] = {p1:String})
-- p0 = "plan"
-- p1 = "\"pro\""

-- properties["plan"] != "pro"  (filter, UTC)
(NOT (e.properties[{p0:String}] = {p1:String}))
-- p0 = "plan"
-- p1 = "\"pro\""

-- "pro" == properties["plan"]  (filter, UTC)
(e.properties[{p0:String}] = {p1:String})
-- p0 = "plan"
-- p1 = "\"pro\""

-- properties["plan"] == "Pro"  (filter, UTC, formula)
ifNull(lowerUTF8(if(startsWith(e.properties[{p0:String}], '"'), if(position(e.properties[{p0:String}], '\\') = 0, substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2), JSONExtractString(e.properties[{p0:String}])), NULL)) = lowerUTF8({p1:String}), 0)
-- p0 = "plan"
-- p1 = "Pro"

-- properties["plan"] in ["pro", "free"]  (filter, UTC)
(e.properties[{p0:String}] IN {p1:Array(String)})
-- p0 = "plan"
-- p1 = ["\"pro\"","\"free\""]

-- properties["plan"] not in ["pro", "free"]  (filter, UTC)
(NOT (e.properties[{p0:String}] IN {p1:Array(String)}))
-- p0 = "plan"
-- p1 = ["\"pro\"","\"free\""]

-- properties["n"] in [1, 2, 3]  (filter, UTC)
ifNull(toFloat64OrNull(e.properties[{p0:String}]) IN {p1:Array(Float64)}, 0)
-- p0 = "n"
-- p1 = [1,2,3]

-- properties["x"] in [1, "a", true]  (filter, UTC)
(ifNull(toFloat64OrNull(e.properties[{p0:String}]) IN {p1:Array(Float64)}, 0) OR (e.properties[{p0:String}] IN {p2:Array(String)}))
-- p0 = "x"
-- p1 = [1]
-- p2 = ["\"a\"","true"]

-- properties["n"] == 1  (filter, UTC)
ifNull(toFloat64OrNull(e.properties[{p0:String}]) = {p1:Float64}, 0)
-- p0 = "n"
-- p1 = 1

-- properties["n"] > 5  (filter, UTC)
ifNull((toFloat64OrNull(e.properties[{p0:String}]) > {p1:Float64}), 0)
-- p0 = "n"
-- p1 = 5

-- properties["n"] >= 5 and properties["n"] < 10  (filter, UTC)
(ifNull((toFloat64OrNull(e.properties[{p0:String}]) >= {p1:Float64}), 0) AND ifNull((toFloat64OrNull(e.properties[{p0:String}]) < {p2:Float64}), 0))
-- p0 = "n"
-- p1 = 5
-- p2 = 10

-- properties["a"] < properties["b"]  (filter, UTC)
ifNull(coalesce(toFloat64OrNull(e.properties[{p0:String}]) < toFloat64OrNull(e.properties[{p1:String}]), if(match(substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2), {p2:String}), toUnixTimestamp64Milli(parseDateTime64BestEffortOrNull(substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2), 3, 'UTC')), NULL) < if(match(substring(e.properties[{p1:String}], 2, length(e.properties[{p1:String}]) - 2), {p2:String}), toUnixTimestamp64Milli(parseDateTime64BestEffortOrNull(substring(e.properties[{p1:String}], 2, length(e.properties[{p1:String}]) - 2), 3, 'UTC')), NULL)), 0)
-- p0 = "a"
-- p1 = "b"
-- p2 = "^(?:19|20|21)\\d\\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])(?:[T ](?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,9})?)?(?:Z|[+-](?:0\\d|1[0-4]):?[0-5]\\d)?)?$"

-- properties["a"] == properties["b"]  (filter, UTC)
(e.properties[{p0:String}] = e.properties[{p1:String}] OR ifNull(toFloat64OrNull(e.properties[{p0:String}]) = toFloat64OrNull(e.properties[{p1:String}]), 0))
-- p0 = "b"
-- p1 = "a"

-- properties["a"] == undefined  (filter, UTC)
(e.properties[{p0:String}] = '')
-- p0 = "a"

-- properties["paid"] == true  (filter, UTC)
(e.properties[{p0:String}] = {p1:String})
-- p0 = "paid"
-- p1 = "true"

-- properties["paid"]  (filter, UTC)
(e.properties[{p0:String}] = 'true')
-- p0 = "paid"

-- not properties["paid"]  (filter, UTC)
ifNull(multiIf(e.properties[{p0:String}] IN ('', 'false'), 1, e.properties[{p0:String}] = 'true', 0, NULL), 0)
-- p0 = "paid"

-- defined(properties["plan"])  (filter, UTC)
(e.properties[{p0:String}] != '')
-- p0 = "plan"

-- not defined(user["plan"])  (filter, UTC)
(NOT (u.properties[{p0:String}] != ''))
-- p0 = "plan"

-- user["$name"] == "U"  (filter, UTC)
(u.properties[{p0:String}] = {p1:String})
-- p0 = "$name"
-- p1 = "\"U\""

-- behaviors["b1"] > 0  (filter, UTC)
(toFloat64(b.counts[{p0:String}]) > {p1:Float64})
-- p0 = "b1"
-- p1 = 0

-- properties["$distinct_id"] == "u1"  (filter, UTC)
(person = {p0:String})
-- p0 = "u1"

-- properties["$time"] >= datetime(1700000000) and properties["$time"] < datetime(1700086400)  (filter, UTC)
((e.time >= fromUnixTimestamp64Milli({p0:Int64}, 'UTC')) AND (e.time < fromUnixTimestamp64Milli({p1:Int64}, 'UTC')))
-- p0 = 1700000000000
-- p1 = 1700086400000

-- event["$time"] > datetime("2026-03-29T12:00:00")  (filter, Europe/Berlin)
(e.time > fromUnixTimestamp64Milli({p0:Int64}, 'UTC'))
-- p0 = 1774778400000

-- properties["$last_seen"] >= "2026-01-01"  (filter, UTC)
ifNull((if(match(substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2), {p1:String}), toUnixTimestamp64Milli(parseDateTime64BestEffortOrNull(substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2), 3, 'UTC')), NULL) >= {p2:Int64}), 0)
-- p0 = "$last_seen"
-- p1 = "^(?:19|20|21)\\d\\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])(?:[T ](?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,9})?)?(?:Z|[+-](?:0\\d|1[0-4]):?[0-5]\\d)?)?$"
-- p2 = 1767225600000

-- user["$created"] < "2026-01-01"  (filter, Europe/Berlin)
ifNull((multiIf(NOT match(substring(u.properties[{p0:String}], 2, length(u.properties[{p0:String}]) - 2), {p1:String}), NULL, match(substring(u.properties[{p0:String}], 2, length(u.properties[{p0:String}]) - 2), {p2:String}), toUnixTimestamp64Milli(parseDateTime64BestEffortOrNull(substring(u.properties[{p0:String}], 2, length(u.properties[{p0:String}]) - 2), 3, 'UTC')), arrayMap(x1 -> arrayMap(x2 -> x1 - if(x2 < 0, 0, timeZoneOffset(fromUnixTimestamp64Milli(x2, {p3:String})) * 1000), [x1 - if(x1 < 0, 0, timeZoneOffset(fromUnixTimestamp64Milli(x1, {p3:String})) * 1000)])[1], [toUnixTimestamp64Milli(parseDateTime64BestEffortOrNull(substring(u.properties[{p0:String}], 2, length(u.properties[{p0:String}]) - 2), 3, 'UTC'))])[1]) < {p4:Int64}), 0)
-- p0 = "$created"
-- p1 = "^(?:19|20|21)\\d\\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])(?:[T ](?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,9})?)?(?:Z|[+-](?:0\\d|1[0-4]):?[0-5]\\d)?)?$"
-- p2 = ":[0-9.]*(?:Z|[+-](?:0\\d|1[0-4]):?[0-5]\\d)$"
-- p3 = "Europe/Berlin"
-- p4 = 1767222000000

-- boolean(properties["x"]) or boolean(properties["y"])  (filter, UTC)
((e.properties[{p0:String}] NOT IN ('', 'null', 'false', '""', '"false"', '[]', '0', '-0')) OR (e.properties[{p1:String}] NOT IN ('', 'null', 'false', '""', '"false"', '[]', '0', '-0')))
-- p0 = "x"
-- p1 = "y"

-- number(properties["price"]) * 1.2 > 10  (filter, UTC)
ifNull((ifNotFinite(multiIf(startsWith(e.properties[{p0:String}], '"'), if(match(substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2), {p1:String}), ifNotFinite(toFloat64OrNull(substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2)), NULL), NULL), e.properties[{p0:String}] = 'true', 1, e.properties[{p0:String}] = 'false', 0, ifNotFinite(toFloat64OrNull(e.properties[{p0:String}]), NULL)) * {p2:Float64}, NULL) > {p3:Float64}), 0)
-- p0 = "price"
-- p1 = "^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
-- p2 = 1.2
-- p3 = 10

-- properties["a"] + properties["b"] == 3  (filter, UTC)
ifNull(ifNotFinite(toFloat64OrNull(e.properties[{p0:String}]) + toFloat64OrNull(e.properties[{p1:String}]), NULL) = {p2:Float64}, 0)
-- p0 = "a"
-- p1 = "b"
-- p2 = 3

-- properties["n"] % 2 == 0  (filter, UTC)
ifNull(ifNotFinite(toFloat64OrNull(e.properties[{p0:String}]) - trunc(toFloat64OrNull(e.properties[{p0:String}]) / nullIf({p1:Float64}, 0)) * nullIf({p1:Float64}, 0), NULL) = {p2:Float64}, 0)
-- p0 = "n"
-- p1 = 2
-- p2 = 0

-- "sub" in properties["p"]  (filter, UTC)
(arrayMap(x3 -> has(x3, {p3:String}), [multiIf(NOT startsWith(e.properties[{p0:String}], '['), [], (position(e.properties[{p0:String}], '\\u') > 0 OR position(e.properties[{p0:String}], 'e+') > 0 OR position(e.properties[{p0:String}], '\xE2\x80\xA8') > 0 OR position(e.properties[{p0:String}], '\xE2\x80\xA9') > 0), arrayMap(x1 -> multiIf(startsWith(x1, '"'), if(position(x1, '\\u') > 0, concat('"', if(match(JSONExtractString(x1), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(x2 -> transform(x2, {p1:Array(String)}, {p2:Array(String)}, x2), splitByString('', JSONExtractString(x1)))), JSONExtractString(x1)), '"'), x1), startsWith(x1, '[') OR startsWith(x1, '{'), x1, replaceRegexpOne(x1, '^(-?[0-9.]+e)([0-9])', '\\1+\\2')), JSONExtractArrayRaw(e.properties[{p0:String}])), JSONExtractArrayRaw(e.properties[{p0:String}]))])[1] OR ifNull((position(if(startsWith(e.properties[{p0:String}], '"'), if(position(e.properties[{p0:String}], '\\') = 0, substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2), JSONExtractString(e.properties[{p0:String}])), NULL), {p4:String}) > 0), 0))
-- p0 = "p"
-- p1 = ["\u0000","\u0001","\u0002","\u0003","\u0004","\u0005","\u0006","\u0007","\b","\t","\n","\u000b","\f","\r","\u000e","\u000f","\u0010","\u0011","\u0012","\u0013","\u0014","\u0015","\u0016","\u0017","\u0018","\u0019","\u001a","\u001b","\u001c","\u001d","\u001e","\u001f","\"","\\"]
-- p2 = ["\\u0000","\\u0001","\\u0002","\\u0003","\\u0004","\\u0005","\\u0006","\\u0007","\\b","\\t","\\n","\\u000b","\\f","\\r","\\u000e","\\u000f","\\u0010","\\u0011","\\u0012","\\u0013","\\u0014","\\u0015","\\u0016","\\u0017","\\u0018","\\u0019","\\u001a","\\u001b","\\u001c","\\u001d","\\u001e","\\u001f","\\\"","\\\\"]
-- p3 = "\"sub\""
-- p4 = "sub"

-- has_prefix(string(user["x"]), "2016")  (filter, UTC)
ifNull(startsWith(lowerUTF8(multiIf(startsWith(u.properties[{p0:String}], '"'), if(position(u.properties[{p0:String}], '\\') = 0, substring(u.properties[{p0:String}], 2, length(u.properties[{p0:String}]) - 2), JSONExtractString(u.properties[{p0:String}])), u.properties[{p0:String}] IN ('', 'null'), NULL, u.properties[{p0:String}])), lowerUTF8({p1:String})), 0)
-- p0 = "x"
-- p1 = "2016"

-- any(X, properties["tags"], X == "vip")  (filter, UTC)
ifNull(if(startsWith(e.properties[{p0:String}], '['), arrayExists(x3 -> (x3 = {p3:String}), multiIf(NOT startsWith(e.properties[{p0:String}], '['), [], (position(e.properties[{p0:String}], '\\u') > 0 OR position(e.properties[{p0:String}], 'e+') > 0 OR position(e.properties[{p0:String}], '\xE2\x80\xA8') > 0 OR position(e.properties[{p0:String}], '\xE2\x80\xA9') > 0), arrayMap(x1 -> multiIf(startsWith(x1, '"'), if(position(x1, '\\u') > 0, concat('"', if(match(JSONExtractString(x1), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(x2 -> transform(x2, {p1:Array(String)}, {p2:Array(String)}, x2), splitByString('', JSONExtractString(x1)))), JSONExtractString(x1)), '"'), x1), startsWith(x1, '[') OR startsWith(x1, '{'), x1, replaceRegexpOne(x1, '^(-?[0-9.]+e)([0-9])', '\\1+\\2')), JSONExtractArrayRaw(e.properties[{p0:String}])), JSONExtractArrayRaw(e.properties[{p0:String}]))), NULL), 0)
-- p0 = "tags"
-- p1 = ["\u0000","\u0001","\u0002","\u0003","\u0004","\u0005","\u0006","\u0007","\b","\t","\n","\u000b","\f","\r","\u000e","\u000f","\u0010","\u0011","\u0012","\u0013","\u0014","\u0015","\u0016","\u0017","\u0018","\u0019","\u001a","\u001b","\u001c","\u001d","\u001e","\u001f","\"","\\"]
-- p2 = ["\\u0000","\\u0001","\\u0002","\\u0003","\\u0004","\\u0005","\\u0006","\\u0007","\\b","\\t","\\n","\\u000b","\\f","\\r","\\u000e","\\u000f","\\u0010","\\u0011","\\u0012","\\u0013","\\u0014","\\u0015","\\u0016","\\u0017","\\u0018","\\u0019","\\u001a","\\u001b","\\u001c","\\u001d","\\u001e","\\u001f","\\\"","\\\\"]
-- p3 = "\"vip\""

-- regex_match(properties["url"], "^https?://")  (filter, UTC)
ifNull(match(if(startsWith(e.properties[{p0:String}], '"'), if(position(e.properties[{p0:String}], '\\') = 0, substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2), JSONExtractString(e.properties[{p0:String}])), NULL), {p1:String}), 0)
-- p0 = "url"
-- p1 = "(?i-s)^https?://"

-- properties["plan"]  (json, UTC)
e.properties[{p0:String}]
-- p0 = "plan"

-- properties["price"]  (number, UTC)
ifNotFinite(toFloat64OrNull(e.properties[{p0:String}]), NULL)
-- p0 = "price"

-- properties["plan"]  (string, UTC)
if(startsWith(e.properties[{p0:String}], '"'), if(position(e.properties[{p0:String}], '\\') = 0, substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2), JSONExtractString(e.properties[{p0:String}])), NULL)
-- p0 = "plan"

-- number(properties["price"])  (number, UTC)
multiIf(startsWith(e.properties[{p0:String}], '"'), if(match(substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2), {p1:String}), ifNotFinite(toFloat64OrNull(substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2)), NULL), NULL), e.properties[{p0:String}] = 'true', 1, e.properties[{p0:String}] = 'false', 0, ifNotFinite(toFloat64OrNull(e.properties[{p0:String}]), NULL))
-- p0 = "price"
-- p1 = "^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"

-- string(properties["plan"], "none")  (json, UTC)
arrayMap(x1 -> if(isNull(x1), {p1:String}, concat('"', if(match(ifNull(x1, ''), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(x2 -> transform(x2, {p2:Array(String)}, {p3:Array(String)}, x2), splitByString('', ifNull(x1, '')))), ifNull(x1, '')), '"')), [multiIf(startsWith(e.properties[{p0:String}], '"'), if(position(e.properties[{p0:String}], '\\') = 0, substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2), JSONExtractString(e.properties[{p0:String}])), e.properties[{p0:String}] IN ('', 'null'), NULL, e.properties[{p0:String}])])[1]
-- p0 = "plan"
-- p1 = "\"none\""
-- p2 = ["\u0000","\u0001","\u0002","\u0003","\u0004","\u0005","\u0006","\u0007","\b","\t","\n","\u000b","\f","\r","\u000e","\u000f","\u0010","\u0011","\u0012","\u0013","\u0014","\u0015","\u0016","\u0017","\u0018","\u0019","\u001a","\u001b","\u001c","\u001d","\u001e","\u001f","\"","\\"]
-- p3 = ["\\u0000","\\u0001","\\u0002","\\u0003","\\u0004","\\u0005","\\u0006","\\u0007","\\b","\\t","\\n","\\u000b","\\f","\\r","\\u000e","\\u000f","\\u0010","\\u0011","\\u0012","\\u0013","\\u0014","\\u0015","\\u0016","\\u0017","\\u0018","\\u0019","\\u001a","\\u001b","\\u001c","\\u001d","\\u001e","\\u001f","\\\"","\\\\"]

-- if(properties["n"] > 100, "big", "small")  (json, UTC, formula)
multiIf(ifNull((toFloat64OrNull(e.properties[{p1:String}]) > {p2:Float64}), 0), {p0:String}, {p3:String})
-- p0 = "\"big\""
-- p1 = "n"
-- p2 = 100
-- p3 = "\"small\""

-- let(a, number(properties["a"]), a * a)  (number, UTC)
ifNotFinite(multiIf(startsWith(e.properties[{p0:String}], '"'), if(match(substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2), {p1:String}), ifNotFinite(toFloat64OrNull(substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2)), NULL), NULL), e.properties[{p0:String}] = 'true', 1, e.properties[{p0:String}] = 'false', 0, ifNotFinite(toFloat64OrNull(e.properties[{p0:String}]), NULL)) * multiIf(startsWith(e.properties[{p0:String}], '"'), if(match(substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2), {p1:String}), ifNotFinite(toFloat64OrNull(substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2)), NULL), NULL), e.properties[{p0:String}] = 'true', 1, e.properties[{p0:String}] = 'false', 0, ifNotFinite(toFloat64OrNull(e.properties[{p0:String}]), NULL)), NULL)
-- p0 = "a"
-- p1 = "^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"

-- parse_url(properties["url"], "domain")  (string, UTC)
arrayMap(x1 -> if(match(x1, {p2:String}), regexpExtract(x1, {p2:String}, 0), x1), [nullIf(lower(regexpExtract(if(startsWith(e.properties[{p0:String}], '"'), if(position(e.properties[{p0:String}], '\\') = 0, substring(e.properties[{p0:String}], 2, length(e.properties[{p0:String}]) - 2), JSONExtractString(e.properties[{p0:String}])), NULL), {p1:String}, 1)), '')])[1]
-- p0 = "url"
-- p1 = "^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//(?:[^/?#@]*@)?([^/?#:@]+)"
-- p2 = "[^.]+\\.(?:(?:co|com|net|org|gov|ac|edu)\\.[a-z][a-z]|[^.0-9]+)$"

-- datedif(user["$created"], today(), "D")  (number, UTC)
arrayMap((x1, x2) -> if(isNull(x1) OR isNull(x2) OR x1 > x2, NULL, toFloat64(dateDiff('day', x1, x2))), [addDays(toDate32('1970-01-01'), toInt32(floor(if(match(substring(u.properties[{p0:String}], 2, length(u.properties[{p0:String}]) - 2), {p1:String}), toUnixTimestamp64Milli(parseDateTime64BestEffortOrNull(substring(u.properties[{p0:String}], 2, length(u.properties[{p0:String}]) - 2), 3, 'UTC')), NULL) / 86400000)))], [addDays(toDate32('1970-01-01'), toInt32(floor({p2:Int64} / 86400000)))])[1]
-- p0 = "$created"
-- p1 = "^(?:19|20|21)\\d\\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])(?:[T ](?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,9})?)?(?:Z|[+-](?:0\\d|1[0-4]):?[0-5]\\d)?)?$"
-- p2 = 1781481600000

-- properties["items"][0]["sku"]  (json, UTC)
arrayMap(x3 -> if(startsWith(x3, '{'), multiIf(startsWith(JSONExtractRaw(x3, ifNull({p4:String}, '')), '"'), if(position(JSONExtractRaw(x3, ifNull({p4:String}, '')), '\\u') > 0, concat('"', if(match(JSONExtractString(JSONExtractRaw(x3, ifNull({p4:String}, ''))), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(x4 -> transform(x4, {p1:Array(String)}, {p2:Array(String)}, x4), splitByString('', JSONExtractString(JSONExtractRaw(x3, ifNull({p4:String}, '')))))), JSONExtractString(JSONExtractRaw(x3, ifNull({p4:String}, '')))), '"'), JSONExtractRaw(x3, ifNull({p4:String}, ''))), startsWith(JSONExtractRaw(x3, ifNull({p4:String}, '')), '[') OR startsWith(JSONExtractRaw(x3, ifNull({p4:String}, '')), '{'), JSONExtractRaw(x3, ifNull({p4:String}, '')), replaceRegexpOne(JSONExtractRaw(x3, ifNull({p4:String}, '')), '^(-?[0-9.]+e)([0-9])', '\\1+\\2')), ''), [if(ifNull({p3:Float64} >= 0 AND {p3:Float64} < 1000000 AND {p3:Float64} = floor({p3:Float64}), 0), arrayElement(multiIf(NOT startsWith(e.properties[{p0:String}], '['), [], (position(e.properties[{p0:String}], '\\u') > 0 OR position(e.properties[{p0:String}], 'e+') > 0 OR position(e.properties[{p0:String}], '\xE2\x80\xA8') > 0 OR position(e.properties[{p0:String}], '\xE2\x80\xA9') > 0), arrayMap(x1 -> multiIf(startsWith(x1, '"'), if(position(x1, '\\u') > 0, concat('"', if(match(JSONExtractString(x1), '[\\x00-\\x1f"\\\\]'), arrayStringConcat(arrayMap(x2 -> transform(x2, {p1:Array(String)}, {p2:Array(String)}, x2), splitByString('', JSONExtractString(x1)))), JSONExtractString(x1)), '"'), x1), startsWith(x1, '[') OR startsWith(x1, '{'), x1, replaceRegexpOne(x1, '^(-?[0-9.]+e)([0-9])', '\\1+\\2')), JSONExtractArrayRaw(e.properties[{p0:String}])), JSONExtractArrayRaw(e.properties[{p0:String}])), toInt64(ifNull({p3:Float64}, 0)) + 1), '')])[1]
-- p0 = "items"
-- p1 = ["\u0000","\u0001","\u0002","\u0003","\u0004","\u0005","\u0006","\u0007","\b","\t","\n","\u000b","\f","\r","\u000e","\u000f","\u0010","\u0011","\u0012","\u0013","\u0014","\u0015","\u0016","\u0017","\u0018","\u0019","\u001a","\u001b","\u001c","\u001d","\u001e","\u001f","\"","\\"]
-- p2 = ["\\u0000","\\u0001","\\u0002","\\u0003","\\u0004","\\u0005","\\u0006","\\u0007","\\b","\\t","\\n","\\u000b","\\f","\\r","\\u000e","\\u000f","\\u0010","\\u0011","\\u0012","\\u0013","\\u0014","\\u0015","\\u0016","\\u0017","\\u0018","\\u0019","\\u001a","\\u001b","\\u001c","\\u001d","\\u001e","\\u001f","\\\"","\\\\"]
-- p3 = 0
-- p4 = "sku"

-- properties["x"] == "a"  (filter, UTC, profile)
(u.properties[{p0:String}] = {p1:String})
-- p0 = "x"
-- p1 = "\"a\""
