# Runs of eight equal lines of code in two files, blanks at the ends and
# comments, blank lines and includes left out.
FNR == 1 { n = 0; comment = 0 }
{
	line = $0
	gsub(/^[ \t]+|[ \t]+$/, "", line)
	if (comment) { if (line ~ /\*\//) comment = 0; next }
	if (line ~ /^\/\*/) { if (line !~ /\*\//) comment = 1; next }
	if (line == "" || line ~ /^#include/) next
	n++
	text[n % 8] = line
	at[n % 8] = FNR
	if (n < 8) next
	key = ""
	for (i = n - 7; i <= n; i++) key = key "\n" text[i % 8]
	if (!(key in file)) { file[key] = FILENAME; start[key] = at[(n - 7) % 8] }
	else if (file[key] != FILENAME) print FILENAME ":" at[(n - 7) % 8] ": as " file[key] ":" start[key]
}
