# Our two turns beside the peer that ran between them: what bench/run.sh prints at the end of a part.
# usage: awk -f compare.awk -v what=ratios OURS.1 OURS.2 PEER
#        awk -f compare.awk -v what=ceilings OURS.1 OURS.2   one line for the CSV: "steady", or what
#                                                            differs by more than 15 %
function number_before(text, unit) {
  sub(unit ".*", "", text)
  sub(/.* /, "", text)
  return text + 0
}

FNR == 1 { ++file }

/^ceiling:/ {
  ceiling[file, "memory"] = number_before($0, " GB/s triad")
  ceiling[file, "arithmetic"] = number_before($0, " GFLOP/s product")
  ceiling[file, "random loads"] = number_before($0, " M random")
}

# 44 columns of name, milliseconds, rate, unit a second
file < 3 && / (user-steps|updates|examples|tokens|suggestions)\/s/ {
  name = substr($0, 1, 44)
  sub(/ +$/, "", name)
  rate = number_before($0, " (user-steps|updates|examples|tokens|suggestions)/s")
  if (!(name in low) || rate < low[name]) low[name] = rate
  if (rate > high[name]) high[name] = rate
}

file == 3 && /^peer: .* (user-steps|updates|examples|suggestions)\/s/ {
  name = substr($0, 7)
  sub(/ +[0-9.]+ (user-steps|updates|examples|suggestions)\/s.*/, "", name)
  peer[name] = number_before($0, " (user-steps|updates|examples|suggestions)/s")
  order[++n] = name
}

function print_ratio(ours, name) {
  printf "%-40s %19s   %-40s %11.0f %17s\n", ours, sprintf("%.0f .. %.0f", low[ours], high[ours]),
    name, peer[name], sprintf("%.1f .. %.1fx", low[ours] / peer[name], high[ours] / peer[name])
}

function print_ratios(i, name, base, best) {
  printf "%-40s %19s   %-40s %11s %17s\n", "ours", "two turns, a second", "peer", "a second", "ratio"
  for (i = 1; i <= n; ++i) {
    name = base = order[i]
    sub(/, (table|last|eager).*/, "", base)
    if (!(base in low) && (base ", dropout 0") in low) base = base ", dropout 0"
    best = (base ", table") in low ? base ", table" : base
    if (!(best in low) || peer[name] <= 0) continue
    print_ratio(best, name)
    if (base != best && base in low && name !~ /table/) print_ratio(base, name)
  }
}

function print_steadiness(kind, a, b, i, said) {
  split("memory,arithmetic,random loads", kind, ",")
  for (i = 1; i <= 3; ++i) {
    a = ceiling[1, kind[i]]
    b = ceiling[2, kind[i]]
    if (a > b) { a = b; b = ceiling[1, kind[i]] }
    if (a > 0 && b / a > 1.15) said = said sprintf("%s%s by %.0f %%", said ? "; " : "", kind[i], 100 * (b / a - 1))
  }
  print said ? "ceilings of the turns differ: " said : "steady"
}

END {
  if (what == "ratios") print_ratios()
  else print_steadiness()
}
