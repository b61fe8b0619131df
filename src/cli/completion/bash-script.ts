/** The completion for bash, also for the bash 3.2 of macOS. */
import type { Completed, Entry, Taken } from './completed-words.ts';

export function bashScript({ commands, first, groups, valued }: Completed): string {
  const values = commands.flatMap(({ name, options }) =>
    options.flatMap((option) => {
      const action = actionOf(option.takes);
      return action === null ? [] : [`    '${name} ${option.name}') ${action} ;;`];
    }),
  );
  const all = commands.map(({ name, options }) => `    '${name}') words='${list(options)}' ;;`);
  const seconds = Array.from(
    groups,
    ([word, entries]) => `    '${word}') words='${listEntries(entries)}' ;;`,
  );
  const args = commands.flatMap(({ name, argument }) => {
    const action = actionOf(argument);
    return action === null ? [] : [`    '${name}') ${action} ;;`];
  });
  return `# Completion of roster for bash. It is made by: roster completion bash
_roster() {
  local cur=\${COMP_WORDS[COMP_CWORD]} word option='' command='' group='' words='' paths=''
  local -i at takes=0
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    # A value may stand behind "=", which is a word of its own here.
    if ((takes)); then
      if [[ $word != '=' ]]; then takes=0; fi
      continue
    fi
    case $word in
    ${valued.join('|')}) option=$word takes=1 ;;
    -*) ;;
    help) ;;
    *)
      if [[ -n $group ]]; then command="$group $word" group=''
      elif [[ -z $command ]]; then
        case $word in
        ${[...groups.keys()].join('|')}) group=$word ;;
        *) command=$word ;;
        esac
      fi ;;
    esac
  done
  if ((takes)); then
    if [[ $cur == '=' ]]; then cur=''; fi
    case "$command $option" in
${values.join('\n')}
    *' --data') paths=d ;;
    esac
  elif [[ $cur == -* ]]; then
    case $command in
${all.join('\n')}
    *) words='--data --json --help --version' ;;
    esac
  elif [[ -n $group ]]; then
    case $group in
${seconds.join('\n')}
    esac
  elif [[ -z $command ]]; then
    words='${listEntries(first)}'
  else
    case $command in
${args.join('\n')}
    esac
  fi
  local IFS=$'\\n'
  if [[ -n $paths ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -$paths -- "$cur"))
  else
    COMPREPLY=($(compgen -W "\${words// /$'\\n'}" -- "$cur"))
  fi
}
complete -F _roster roster`;
}

function actionOf(taken: Taken): string | null {
  switch (taken.kind) {
    case 'words':
      return `words='${taken.words.join(' ')}'`;
    case 'file':
      return 'paths=f';
    case 'folder':
      return 'paths=d';
    case 'nothing':
    case 'text':
      return null;
  }
}

const list = (options: readonly { readonly name: string }[]): string =>
  options.map(({ name }) => name).join(' ');

const listEntries = (entries: readonly Entry[]): string => entries.map(([word]) => word).join(' ');
