package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const rootHelp = `datasession lists, shows and changes the sessions that Go programs and Perl's
Data::Session, CGI::Session and Apache::Session keep, while they are in use, and
converts between the formats that they are stored in.

A session's id lets whoever has it in. Where the command names a session it shows
the fingerprint of the id, eight digits that it takes in place of the id.`

const exitHelp = `  0    done
  1    refused or not found: no such session, one that cannot be decoded, a
       reserved name, data that is not in the format or beyond a limit, an input
       file that cannot be read
  2    usage: an unknown flag, codec, type or family, an argument that is missing
       or makes no sense
  3    the store cannot be reached or used: no such directory, database or table,
       no permission, a full disk
  130  interrupted

Of several sessions (rm) the highest code counts. Results go to standard output,
everything else to standard error.`

const storeHelp = `Every command that opens a store takes these flags. A type string is Perl's, in
any case, and parts that are missing are as here:

  driver:File;id:MD5;serialize:DataDumper

With --family cgi it may also be CGI::Session's DSN, driver:file;serializer:default.

%s
A database password comes from %s or from --password-file, and never
from the command line. A store is only opened: a directory, database or table that
is not there is an error, exit code 3, but for set --create-store.`

// helpCommand is cobra's, but that it refuses what there is no help for.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Tell more of a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return misuse("", "no help for that: want the name of a command, store or exit")
			}
			return about.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
			for _, sub := range cmd.Root().Commands() {
				if len(args) == 0 && !sub.Hidden {
					names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func exitTopic() *cobra.Command {
	return &cobra.Command{Use: "exit", Short: "What the exit codes mean", Long: exitHelp}
}

func storeTopic() *cobra.Command {
	var f storeFlags
	return &cobra.Command{
		Use:   "store",
		Short: "The flags that say which store",
		Long:  fmt.Sprintf(storeHelp, usages(f.flags()), passwordVariable),
	}
}

// help writes a command's help.
func (a *app) help(cmd *cobra.Command, _ []string) {
	a.stdout.WriteString(helpText(cmd))
}

func helpText(cmd *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", cmd.Long)
	if !cmd.Runnable() {
		return b.String()
	}
	fmt.Fprintf(&b, "\nUsage:\n  %s\n", usage(cmd))
	if cmd.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\nCommands:\n")
		listCommands(&b, cmd, (*cobra.Command).IsAvailableCommand)
		b.WriteString("\nMore help:\n")
		listCommands(&b, cmd, (*cobra.Command).IsAdditionalHelpTopicCommand)
	}
	own, takesStore := ownFlags(cmd)
	if text := usages(own); text != "" {
		fmt.Fprintf(&b, "\nFlags:\n%s", text)
	}
	if takesStore {
		b.WriteString("\nWhich store: --type, --directory, --data-source, --family and more,\nsee datasession help store.\n")
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n%s COMMAND --help tells more of a command.\n", cmd.Name())
	}
	return b.String()
}

func usage(cmd *cobra.Command) string {
	if cmd.HasParent() {
		return cmd.Parent().Name() + " " + cmd.Use
	}
	return cmd.Use + " COMMAND [ARGUMENT...]"
}

func listCommands(b *strings.Builder, cmd *cobra.Command, which func(*cobra.Command) bool) {
	for _, sub := range cmd.Commands() {
		if which(sub) && sub.Name() != "help" {
			fmt.Fprintf(b, "  %-11s %s\n", sub.Name(), sub.Short)
		}
	}
}

// ownFlags returns the flags of a command without those that say which store,
// and whether it has these.
func ownFlags(cmd *cobra.Command) (own *pflag.FlagSet, takesStore bool) {
	var f storeFlags
	ofStore := f.flags()
	takesStore = cmd.Flags().Lookup("type") != nil
	own = pflag.NewFlagSet(cmd.Name(), pflag.ContinueOnError)
	own.SortFlags = false
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if flag.Name != "help" && !(takesStore && ofStore.Lookup(flag.Name) != nil) {
			own.AddFlag(flag)
		}
	})
	return own, takesStore
}

// usages lists flags. Defaults stand in the texts where they are of use.
func usages(set *pflag.FlagSet) string { return set.FlagUsagesWrapped(88) }
