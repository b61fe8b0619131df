/** The completion for zsh: a file on its `fpath`, or a text that is evaluated after `compinit`. */
import type { Completed, Entry, Taken } from './completed-words.ts';

export function zshScript({ commands, first, groups, valued }: Completed): string {
  const values = commands.flatMap(({ name, options }) =>
    options.flatMap((option) => {
      const action = actionOf(option.takes);
      return action === null ? [] : [`      ${quoted(`${name} ${option.name}`)}) ${action} ;;`];
    }),
  );
  const all = commands.map(({ name, options }) => {
    const entries = options.map((option): Entry => [option.name, option.meaning]);
    return `      ${quoted(name)}) list=(${entries.map(described).join(' ')}) ;;`;
  });
  const seconds = Array.from(
    groups,
    ([word, entries]) => `      ${quoted(word)}) list=(${entries.map(described).join(' ')}) ;;`,
  );
  const args = commands.flatMap(({ name, argument }) => {
    const action = actionOf(argument);
    return action === null ? [] : [`      ${quoted(name)}) ${action} ;;`];
  });
  return `#compdef roster
# Completion of roster for zsh. It is made by: roster completion zsh
_roster() {
  local word option='' command='' group='' what=word
  local -i at takes=0
  local -a list
  for ((at = 2; at < CURRENT; at++)); do
    word=$words[at]
    if ((takes)); then takes=0; continue; fi
    case $word in
      ${valued.join('|')}) option=$word takes=1 ;;
      -*|help) ;;
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
  if ((!takes)) && [[ $PREFIX == --*=* ]]; then
    option=\${PREFIX%%=*} takes=1
    compset -P '*='
  fi
  if ((takes)); then
    what=value
    case "$command $option" in
${values.join('\n')}
      *' --data') _files -/; return ;;
    esac
  elif [[ $PREFIX == -* ]]; then
    what=option
    case $command in
${all.join('\n')}
      *) list=('--data:The data folder' '--json:Print one JSON value' '--help:Explain the command' '--version:Print the version') ;;
    esac
  elif [[ -n $group ]]; then
    case $group in
${seconds.join('\n')}
    esac
  elif [[ -z $command ]]; then
    list=(${first.map(described).join(' ')})
  else
    case $command in
${args.join('\n')}
    esac
  fi
  _describe -t "$what" "$what" list
}
if [[ \${funcstack[1]} == _roster ]]; then _roster "$@"; else compdef _roster roster; fi`;
}

function actionOf(taken: Taken): string | null {
  switch (taken.kind) {
    case 'words':
      return `list=(${taken.words.map(quoted).join(' ')})`;
    case 'file':
      return '_files; return';
    case 'folder':
      return '_files -/; return';
    case 'nothing':
    case 'text':
      return null;
  }
}

function described([word, meaning]: Entry): string {
  return quoted(`${word.replaceAll(':', '\\:')}:${meaning}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
