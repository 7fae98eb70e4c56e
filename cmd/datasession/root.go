package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// app is one run of the command.
type app struct {
	stdin  io.Reader
	stdout *bufio.Writer
	stderr io.Writer

	screen  bool // standard output is a terminal
	console bool // somebody sits before standard input and standard error
}

// run runs the command with its arguments, without the name, and returns the exit
// code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{
		stdin:   stdin,
		stdout:  bufio.NewWriter(stdout),
		stderr:  stderr,
		screen:  isTerminal(stdout),
		console: isTerminal(stdin) && isTerminal(stderr),
	}
	root := a.command()
	root.SetArgs(guardTimes(args))
	root.SetIn(stdin)
	root.SetOut(a.stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if e := a.stdout.Flush(); e != nil && err == nil {
		err = refuse("", "cannot write the output: %w", cause(e))
	}
	return report(stderr, cmd.CommandPath(), err)
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// command returns datasession with its subcommands.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:           "datasession",
		Short:         "Sessions shared with Perl: list, show, change, convert.",
		Long:          rootHelp,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          oneOfTheCommands,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SuggestionsMinimumDistance = 2
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetHelpFunc(a.help)
	root.SetHelpCommand(helpCommand())
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		hint := ""
		if strings.Contains(err.Error(), "--password") {
			hint = "a password comes from " + passwordVariable + " or --password-file"
		}
		return misuse(hint, "%w", err)
	})
	root.Flags().BoolP("version", "v", false, "print the version")
	root.AddCommand(
		a.decodeCommand(), a.encodeCommand(), a.sniffCommand(),
		a.lsCommand(), a.showCommand(), a.setCommand(), a.unsetCommand(), a.expireCommand(),
		a.rmCommand(), a.purgeCommand(), a.idCommand(), a.demoCommand(), a.completionCommand(),
		storeTopic(), exitTopic(),
	)
	return root
}

// oneOfTheCommands refuses what is no command. It may be an id: what is longer than a
// slip of the pen is not printed.
func oneOfTheCommands(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case len(args[0]) > 12:
		return misuse("", "unknown command")
	}
	hint := ""
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		hint = "did you mean " + strings.Join(like, " or ") + "?"
	}
	return misuse(hint, "unknown command %q", args[0])
}

func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misuse("", "want no arguments beside the flags, have %d", len(args))
	}
	return nil
}

func oneFile(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return misuse("", "want one FILE, or - for standard input, have %d", len(args))
	}
	return nil
}

// version is what the build knows of itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" {
		v = "(devel)"
	}
	return fmt.Sprintf("%s %s", v, info.GoVersion)
}

// warn writes a line that is no result and no error.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.stderr, "datasession: %s\n", printable(fmt.Sprintf(format, args...)))
}

// confirm asks whether to go on with something that cannot be taken back. Where
// nobody can be asked, --yes has to have said so.
func (a *app) confirm(yes bool, question string) error {
	if yes {
		return nil
	}
	if !a.console {
		return refuse("try: --dry-run, then --yes", "nothing was deleted: it wants --yes where nobody can be asked")
	}
	fmt.Fprintf(a.stderr, "%s? [y/N] ", printable(question))
	answer, err := bufio.NewReader(a.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return refuse("", "cannot read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return refuse("", "nothing was deleted")
}
