package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print a completion script for your shell",
		Long: `Prints a script that lets a shell complete commands, flags, names of codecs and
families, and sessions by their fingerprints.`,
		Example: `  source <(datasession completion bash)        # in ~/.bashrc
  source <(datasession completion zsh)         # in ~/.zshrc
  datasession completion fish | source         # in ~/.config/fish/config.fish`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return misuse("", "want the name of a shell: bash, zsh or fish")
			}
			return nil
		},
		ValidArgs: []cobra.Completion{"bash", "zsh", "fish"},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch root := cmd.Root(); strings.ToLower(args[0]) {
			case "bash":
				return root.GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return root.GenZshCompletion(a.stdout)
			case "fish":
				return root.GenFishCompletion(a.stdout, true)
			}
			return misuse("shells: bash, zsh, fish", "no completion for the shell %q", args[0])
		},
	}
}

// completeSession offers the fingerprints of the sessions in a store. It says nothing
// of what goes wrong, and offers a number of sessions that fits a screen.
func (a *app) completeSession(f *storeFlags) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		const most = 100
		var found []cobra.Completion
		if len(args) > 0 && cmd.Name() != "rm" {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), time.Second)
		defer cancel()
		cmd.SetContext(ctx)
		m, err := a.open(cmd, f)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer m.Close()
		for s, err := range m.All(ctx) {
			if err == nil {
				found = append(found, cobra.CompletionWithDesc(s.Fingerprint(), "last used "+date(s.AccessTime())))
			}
			if len(found) == most || ctx.Err() != nil {
				break
			}
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}
