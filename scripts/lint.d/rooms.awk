# The house that lib/README draws: which room may include which, and that every
# module is listed.  usage: awk -f rooms.awk lib/README FILE.[ch]...
FILENAME == "lib/README" {
	if (/^In [a-z]+\/$/)
		listing = substr($2, 1, length($2) - 1)
	else if (/^    [a-z_0-9]+\*  / && listing != "")
		family[listing "/" substr($1, 1, length($1) - 1)] = 1
	else if (/^    [a-z_0-9]+  / && listing != "")
		listed[listing "/" $1] = 1
	else if (/^[a-z]+  / && listing == "")
		rank[$1] = ++rooms
	next
}
FNR == 1 {
	split(FILENAME, part, "/")
	room = part[1] == "lib" ? part[2] : ""
	module = room "/" part[3]
	sub(/\.[ch]$/, "", module)
	if (room != "" && !(room in rank))
		print FILENAME ": lib/README lists no room " room
	for (begin in family)	# such as scan_* for lib/format/scan_cri.c
		if (index(module, begin) == 1)
			told[module] = 1
	if (room != "" && !(module in listed) && !(module in told))
		print FILENAME ": lib/README does not list " module
	seen[module] = told[module] = 1
}
/^#include "/ && room != "" {
	header = $2
	gsub(/"/, "", header)
	split(header, of, "/")
	if (!(of[1] in rank))
		print FILENAME ":" FNR ": " header " is in no room"
	else if (rank[of[1]] > rank[room])
		print FILENAME ":" FNR ": " room " includes " header \
		    ", which lib/README lists after it"
	if (FILENAME ~ /\.h$/)
		includes[substr(FILENAME, 5), header] = 1
}
END {
	for (pair in includes) {
		split(pair, p, SUBSEP)
		if ((p[2], p[1]) in includes && p[1] < p[2])
			print "lib/" p[1] ": includes " p[2] " and is included by it"
	}
	for (module in listed)
		if (!(module in seen))
			print "lib/README: lists " module ", which is not there"
	if (rooms < 2)
		print "lib/README: lists no rooms"
}
