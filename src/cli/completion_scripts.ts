/**
 * Completion scripts: everything that can be completed is in the script, so that a key press starts nothing.
 *
 * @module
 */
import type { CompletionTree, FlagCompletion } from "./completion_tree.ts";

/** Writes the script that completes the command called `name`. */
type Writer = (tree: CompletionTree, name: string) => string;

/** In single quotes, for bash and zsh. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The name of a shell function for a command. */
const functionName = (name: string): string => `_${name.replace(/\W/g, "_")}`;

const flagsWithValues = (flags: readonly FlagCompletion[]): readonly FlagCompletion[] =>
  flags.filter(({ value }) => value !== undefined);

/** Branches of `case`: the names of the options of each optimizer; of any other, all there are. */
function optionCases({ options }: CompletionTree): string {
  const all = [...new Set(Object.values(options).flat())];
  const branches = Object.entries(options)
    .map(([name, names]) => `    ${name}) echo ${quoted(names.join(" "))} ;;`);
  return [...branches, `    *) echo ${quoted(all.join(" "))} ;;`].join("\n");
}

/** What bash and zsh say alike: the command and the optimizer on the line, from the list of its words. */
function scan(tree: CompletionTree, words: string, first: number, last: string): string {
  const commands = tree.commands.map(({ name }) => name).join("|");
  return `  local command="" optimizer="" i
  for ((i = ${first}; i <= ${last}; i++)); do
    case "\${${words}[i]}" in
      ${commands}) [[ -z "$command" ]] && command="\${${words}[i]}" ;;
      ${tree.optimizerFlags.join("|")}) optimizer="\${${words}[i+1]}" ;;
    esac
  done`;
}

const bash: Writer = (tree, name) => {
  const self = functionName(name);
  const reply = (words: readonly string[]) =>
    `mapfile -t COMPREPLY < <(compgen -W ${quoted(words.join(" "))} -- "$cur")`;
  const action = ({ value }: FlagCompletion): string => {
    if (value?.kind === "settings") {
      return `compopt -o nospace; mapfile -t COMPREPLY < <(compgen -S = -W "$(${self}_options ` +
        `"\${optimizer:-${value.standard}}")" -- "$cur")`;
    }
    if (value?.kind !== "words") return ":";
    const files = value.files
      ? ` compopt -o filenames; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur");`
      : "";
    return `${value.words.length === 0 ? "" : `${reply(value.words)};`}${files}`;
  };
  const values = tree.commands.flatMap((command) =>
    flagsWithValues(command.flags).map((flag) =>
      `    ${quoted(`${command.name} ${flag.flag}`)}) ${action(flag)} return ;;`.replace(
        /([^;]) return/,
        "$1; return",
      )
    )
  );
  const flags = tree.commands.map((command) =>
    `    ${command.name}) ${reply([...command.words, ...command.flags.map(({ flag }) => flag)])} ;;`
  );
  const top = [...tree.commands.map((c) => c.name), ...tree.flags.map(({ flag }) => flag)];
  return `# bash completion for ${name}; load it with: source <(${name} completion bash)
${self}_options() {
  case "$1" in
${optionCases(tree)}
  esac
}
${self}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
${scan(tree, "COMP_WORDS", 1, "COMP_CWORD - 1")}
  COMPREPLY=()
  case "$command $prev" in
${values.join("\n")}
  esac
  case "$command" in
    '') ${reply(top)} ;;
${flags.join("\n")}
  esac
}
complete -F ${self} ${name}`;
};

const zsh: Writer = (tree, name) => {
  const self = functionName(name);
  const described = (word: string, text: string) =>
    quoted(`${word.replaceAll(":", "\\:")}:${text.replaceAll(":", "\\:")}`);
  const action = ({ value }: FlagCompletion): string => {
    if (value?.kind === "settings") {
      return `compadd -S = -- \${=$(${self}_options "\${optimizer:-${value.standard}}")}`;
    }
    if (value?.kind !== "words") return ":";
    const words = value.words.length === 0 ? [] : [`compadd -- ${value.words.join(" ")}`];
    return [...words, ...(value.files ? ["_files"] : [])].join("; ");
  };
  const values = tree.commands.flatMap((command) =>
    flagsWithValues(command.flags).map((flag) =>
      `    ${quoted(`${command.name} ${flag.flag}`)}) ${action(flag)}; return ;;`
    )
  );
  const list = (flags: readonly FlagCompletion[]) =>
    flags.map(({ flag, description }) => described(flag, description)).join(" ");
  const flags = tree.commands.map((command) =>
    `    ${command.name})${
      command.words.length === 0 ? "" : ` compadd -- ${command.words.join(" ")};`
    } list=(${list(command.flags)}) ;;`
  );
  const top = tree.commands.map((c) => described(c.name, c.description)).join(" ");
  return `#compdef ${name}
# zsh completion for ${name}; load it with: source <(${name} completion zsh)
${self}_options() {
  case "$1" in
${optionCases(tree)}
  esac
}
${self}() {
  local -a list
${scan(tree, "words", 2, "CURRENT - 1")}
  case "$command \${words[CURRENT-1]}" in
${values.join("\n")}
  esac
  case "$command" in
    '') list=(${top} ${list(tree.flags)}) ;;
${flags.join("\n")}
  esac
  _describe -o ${quoted(name)} list
}
if [[ "\${funcstack[1]}" == ${
    quoted(self)
  } ]]; then ${self} "$@"; else compdef ${self} ${name}; fi`;
};

const fish: Writer = (tree, name) => {
  const self = functionName(name);
  const inQuotes = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const cases = Object.entries(tree.options)
    .map(([optimizer, names]) => `    case ${optimizer}\n      printf '%s=\\n' ${names.join(" ")}`);
  const all = [...new Set(Object.values(tree.options).flat())];
  const action = ({ value }: FlagCompletion): string => {
    if (value === undefined) return "";
    if (value.kind === "settings") {
      return ` -x -a ${inQuotes(`(${self}_options ${value.standard})`)}`;
    }
    if (value.kind === "free") return " -x";
    const words = value.words.length === 0 ? "" : ` -a ${inQuotes(value.words.join(" "))}`;
    return `${value.files ? " -rF" : " -x"}${words}`;
  };
  const lineOf = (condition: string) => (flag: FlagCompletion) =>
    `complete -c ${name} -n ${inQuotes(condition)} -l ${flag.flag.replace(/^--/, "")}${
      action(flag)
    } -d ${inQuotes(flag.description)}`;
  const commands = tree.commands.flatMap((command) => {
    const inside = `__fish_seen_subcommand_from ${command.name}`;
    return [
      `complete -c ${name} -n __fish_use_subcommand -a ${command.name} -d ${
        inQuotes(command.description)
      }`,
      ...(command.words.length === 0 ? [] : [
        `complete -c ${name} -n ${inQuotes(inside)} -a ${inQuotes(command.words.join(" "))}`,
      ]),
      ...command.flags.map(lineOf(inside)),
    ];
  });
  return `# fish completion for ${name}; load it with: ${name} completion fish | source
function ${self}_options
  set -l optimizer $argv[1]
  set -l words (commandline -opc)
  for i in (seq (count $words))
    if contains -- $words[$i] ${tree.optimizerFlags.join(" ")}
      set optimizer $words[(math $i + 1)]
    end
  end
  switch "$optimizer"
${cases.join("\n")}
    case '*'
      printf '%s=\\n' ${all.join(" ")}
  end
end
complete -c ${name} -f
${tree.flags.map(lineOf("__fish_use_subcommand")).join("\n")}
${commands.join("\n")}`;
};

/** The scripts by shell. */
export const COMPLETION_SCRIPTS: Readonly<Record<"bash" | "zsh" | "fish", Writer>> = {
  bash,
  zsh,
  fish,
};
