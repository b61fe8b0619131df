/** The completion for fish: a file in its folder of completions, or a text that is sourced. */
import type { Completed, Entry, Taken } from './completed-words.ts';

export function fishScript({ commands, first, groups, valued }: Completed): string {
  const words = (at: string, entries: readonly Entry[]): string[] =>
    entries.map(([word, meaning]) => `${at} -a ${quoted(word)} -d ${quoted(meaning)}`);
  const lines = [
    ...words(`complete -c roster -n '__roster_at'`, first),
    ...Array.from(groups).flatMap(([word, entries]) =>
      words(`complete -c roster -n '__roster_at ${word}'`, entries),
    ),
    ...commands.flatMap(({ name, argument, options }) => {
      const at = `complete -c roster -n '__roster_is ${name}'`;
      const own = options.map(
        (option) => `${at} -l ${option.name.slice(2)}${actionOf(option.takes)} -d ${quoted(option.meaning)}`,
      );
      return [
        ...(argument.kind === 'nothing' || argument.kind === 'text' ? [] : [`${at}${wordsOf(argument)}`]),
        ...own,
      ];
    }),
  ];
  return `# Completion of roster for fish. It is made by: roster completion fish
# The words before the cursor that are no options and no values of options.
function __roster_words
    set -l takes 0
    for word in (commandline -opc)[2..-1]
        if test $takes = 1
            set takes 0
            continue
        end
        switch $word
            case ${valued.join(' ')}
                set takes 1
            case '-*' help
            case '*'
                echo $word
        end
    end
end
function __roster_at
    set -l words (__roster_words)
    test "$words" = "$argv"
end
function __roster_is
    set -l words (__roster_words)
    test "$words[1..$(count $argv)]" = "$argv"
end
complete -c roster -e
complete -c roster -f
${lines.join('\n')}`;
}

/** How an option takes its value; \`-x\` is a value that is no file. */
function actionOf(taken: Taken): string {
  if (taken.kind === 'nothing') return '';
  if (taken.kind === 'text') return ' -x';
  return taken.kind === 'words' ? ` -x${wordsOf(taken)}` : ` -r${wordsOf(taken)}`;
}

function wordsOf(taken: Taken): string {
  switch (taken.kind) {
    case 'words':
      return ` -a ${quoted(taken.words.join(' '))}`;
    case 'file':
      return ' -F';
    case 'folder':
      return ` -a '(__fish_complete_directories (commandline -ct))'`;
    case 'nothing':
    case 'text':
      return '';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", `\\'`)}'`;
}
