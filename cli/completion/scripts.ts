import type { Shell } from '../completion-commands.js';

/**
 * Each asks the very program that the line calls, so that it completes what that one knows. Where there is no
 * answer, files are completed.
 */
const SCRIPTS: Record<Shell, string> = {
  bash: `_reveille() {
  mapfile -t COMPREPLY < <("$1" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1)
}
complete -o default -F _reveille reveille
`,
  zsh: `#compdef reveille
_reveille() {
  local line
  local -a found
  for line in "\${(@f)$("\${words[1]}" complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( $#found )); then _describe reveille found; else _files; fi
}
if [[ \${funcstack[1]} == _reveille ]]; then _reveille "$@"; else compdef _reveille reveille; fi
`,
  fish: `function __reveille_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -l found ($words[1] complete -- $words[2..-1] "$last" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path "$last"
    end
end
complete -c reveille -f -a '(__reveille_complete)'
`,
};

/** What a shell reads once, to complete `reveille` from then on. */
export const completionScript = (shell: Shell): string => SCRIPTS[shell];
