# fish completion for the six commands: options come from their own --help, and
# so do the words that an option takes, which end its line there.
# Installed once for each command, under its name.
set -l command (basename (status filename) .fish)
set -l condition
test $command = logquiet; and set -g __logquiet_options
for line in ($command --help 2>/dev/null | string match -r '^  (?:-|    ).*')
    set -l letter (string match -rg '^  -(.)' -- $line)
    set -l long (string match -rg '^.{4,6}--([^ =\[]+)' -- $line)
    set -l value (string match -rg '(?:--[^ =\[]+|^  -.)(=)' -- $line)
    set -l help (string replace -r '^  \S*,? *(?:--\S+)? *' '' -- $line)
    set -l args
    test -n "$letter"; and set -a args -s $letter
    test -n "$long"; and set -a args -l $long
    test -n "$value"; and set -a args -r
    if test $command$long = logparseformat
        set -a args -f -a '(logparse --list-formats | cut -f1)'
    else if set -l words (string match -rg ': ([A-Za-z0-9:-]+(?:, [A-Za-z0-9:-]+)+)(?: \(.*)?$' -- $line)
        set -a args -f -a (string replace -a , '' -- $words)
    end
    if test $command = logquiet
        set condition -n 'not __logquiet_command >/dev/null'
        set -a __logquiet_options (string join / -- $letter $long)"$value"
    end
    test (count $args) -gt 0; and complete -c $command $args $condition -d "$help"
end

# The command that logquiet runs has its own.
if test $command = logquiet
    function __logquiet_command
        set -l argv (commandline -opc)[2..] (commandline -ct)
        argparse -s $__logquiet_options -- $argv 2>/dev/null; or return
        test -n "$argv"; and printf '%s\0' $argv
    end
    complete -c logquiet -x -n '__logquiet_command >/dev/null' \
        -a '(__fish_complete_subcommand --commandline (__logquiet_command | string split0))'
end
