#!/usr/bin/perl
# Signs with Mail::DKIM a DKIM-Signature field that the caller has written.
# Usage: sign-template.pl <list; README.md in this directory has the form of its lines.
use strict;
use warnings;
use Mail::DKIM::PrivateKey;
use Mail::DKIM::Signer;

{
    # Keeps the field as it was written, but for `bh=` and `b=`.
    package Template;
    use parent -norequire, 'Mail::DKIM::Signature';
    sub prettify      { return }
    sub prettify_safe { return }
}

my %escaped = (r => "\r", n => "\n", t => "\t", '\\' => '\\');
my %keys;
while (my $line = <STDIN>) {
    chomp $line;
    my ($source, $target, $file, $field) = split /\t/, $line;
    $field =~ s/\\(?:x([0-9a-f]{2})|(.))/defined $1 ? chr hex $1 : $escaped{$2}/ge;
    open my $in, '<:raw', $source or die "$source: $!\n";
    my $message = do { local $/; <$in> };
    my $template = Template->parse($field);
    $template->key($keys{$file} //= Mail::DKIM::PrivateKey->load(File => $file));
    my $signer = Mail::DKIM::Signer->new(
        Policy => sub { $_[0]->add_signature($template); return });
    $signer->PRINT($message);
    $signer->CLOSE;
    open my $out, '>:raw', $target or die "$target: $!\n";
    print {$out} $template->as_string, "\r\n", $message;
    close $out or die "$target: $!\n";
}
