package dumper_test

import (
	"testing"

	"github.com/go-datasession/datasession/codec/codectest"
	"github.com/go-datasession/datasession/codec/dumper"
)

// BenchmarkSpeed has beside it what Data::Session and CGI::Session do: a new Safe for
// each session, and Data::Dumper with the options of each, sorted keys aside.
func BenchmarkSpeed(b *testing.B) {
	const setup = `use Data::Dumper; use Safe;
		sub dumped { Data::Dumper->new([$_[0]], ['D'])->Indent(0)->Purity(1)->Useqq(0)->Deepcopy(0)->Quotekeys(1)->Terse(0)->Dump }`
	for size, n := range map[string]int{"1KB": 8, "30KB": 260} {
		v, _ := codectest.Session(b, n)
		b.Run(size+"/DataDumper", func(b *testing.B) {
			codectest.Speed(b, dumper.Codec{}, v, codectest.Rival{
				Setup: setup, Thaw: "Safe->new->reval($frozen)", Freeze: "dumped($value)", Package: "perl",
			})
		})
		b.Run(size+"/default", func(b *testing.B) {
			codectest.Speed(b, dumper.Codec{Tail: true}, v, codectest.Rival{
				Setup:   "use CGI::Session::Serialize::default; my $c = 'CGI::Session::Serialize::default'",
				Thaw:    "$c->thaw($frozen)",
				Freeze:  "$c->freeze($value)",
				Package: "libcgi-session-perl",
			})
		})
		b.Run(size+"/reval-only", func(b *testing.B) {
			codectest.Speed(b, dumper.Codec{}, v, codectest.Rival{
				Setup: setup + "; my $safe = Safe->new", Thaw: "$safe->reval($frozen)", Freeze: "dumped($value)", Package: "perl",
			})
		})
	}
}
