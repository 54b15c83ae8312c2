# Shows Doxygen our comments: `// text` as documentation of what follows, `x;  // text` of x, lines
# that stand further in as code, and the first comment of a file as the file's (of roundhouse.hpp,
# as the first page's). All else in a comment is text and backticks: nothing in it is a command, a
# tag or a link. Of namespace detail it shows what public classes inherit their functions from.
# Every line keeps its number.
BEGIN { kept = "^class (Settings|Calls|NamedData|NamedEntry|LoadsModules|Completion|Bound) [{:]?" }

function literal(text, parts, count, i, out) {
  count = split(text, parts, "`")
  for (i = 1; i <= count; i++) {
    if (i % 2 == 1) gsub(/[\\@<>#&%"*$~|-]/, "\\\\&", parts[i])
    out = out (i > 1 ? "`" : "") parts[i]
  }
  # What refers to a global name (::x) would have to exist.
  gsub(/(^|[ >])::/, "&@@", out)
  gsub(/::@@/, "\\::", out)
  return out
}

function kind_of(line) {
  if (line ~ /^ *\/\/   /) return "code"
  if (line ~ /^ *\/\/( |$)/) return "text"
  return ""
}

function indent_of(line) {
  match(line, /^ */)
  return substr(line, 1, RLENGTH)
}

function show(line, kind, next_kind, text) {
  if (kind == "") {
    if (match(line, /[^ \/]  \/\/ /) && line !~ /^ *}/ && line !~ /NOLINT/) {
      line = substr(line, 1, RSTART + 2) "///< " literal(substr(line, RSTART + RLENGTH))
    }
    in_code = 0
    print line
    return
  }
  text = line
  sub(/^ *\/\/ ?/, "", text)
  if (kind == "code") {
    sub(/^  /, "", text)
    text = (in_code ? "" : "@code{.cpp} ") text
    in_code = next_kind == "code"
    if (!in_code) text = text " @endcode"
  } else {
    text = literal(text)
  }
  if (!file_is_described && next_kind == "") {
    text = text (FILENAME ~ /\/roundhouse.hpp$/ ? " @mainpage" : " @file")
    file_is_described = 1
  }
  print indent_of(line) "/// " text
}

# mark AT COMMAND: on that line, which is blank or loses nothing by a comment before it.
function mark(at, command) { marks[at] = marks[at] "/** @" command " */ " }

# The first line of the declaration in line `at`: with its comment, and what it is a template of.
function start_of(at) {
  while (lines[at - 1] ~ /^(\/\/|template|  *requires)/) at--
  return at
}

{ lines[NR] = $0 }

END {
  for (i = 1; i <= NR; i++) {
    if (lines[i] ~ /^namespace (roundhouse::)?detail {$/ && lines[i + 2] != "}") {
      hidden = 1
      mark(i + 1, "cond")
    } else if (hidden && lines[i] ~ kept) {
      showing = 1
      mark(start_of(i) - 1, "endcond")
    } else if (showing && lines[i] ~ /^};$/) {
      showing = 0
      mark(i + 1, "cond")
    } else if (hidden && lines[i] ~ /^}  \/\/ namespace (roundhouse::)?detail$/) {
      hidden = 0
      mark(i - 1, "endcond")
    }
  }
  for (i = 1; i <= NR; i++) {
    if (marks[i] != "") printf "%s", marks[i]
    show(lines[i], kind_of(lines[i]), i < NR ? kind_of(lines[i + 1]) : "")
  }
}
