#!/usr/bin/perl
# Signs with Mail::DKIM, so that the other judges have something that neither they nor we made.
# Usage: sign-mail-dkim.pl KEY.pem SELECTOR DOMAIN CANONICALIZATION <list, its lines being IN<TAB>OUT.
# With simple or nofws as CANONICALIZATION it makes a DomainKey-Signature.
use strict;
use warnings;
use Mail::DKIM::DkSignature;
use Mail::DKIM::PrivateKey;
use Mail::DKIM::Signature;
use Mail::DKIM::Signer;

my ($file, $selector, $domain, $method) = @ARGV;
my $key = Mail::DKIM::PrivateKey->load(File => $file);
my $domainkeys = $method !~ m{/};

while (my $line = <STDIN>) {
    chomp $line;
    my ($source, $target) = split /\t/, $line;
    open my $in, '<:raw', $source or die "$source: $!\n";
    my $message = do { local $/; <$in> };
    my ($header) = $message =~ /\A(.*?\r\n)(?:\r\n|\z)/s;
    my @names = map { lc } $header =~ /^([^\s:]+):/mg;
    my $class = $domainkeys ? 'Mail::DKIM::DkSignature' : 'Mail::DKIM::Signature';
    my $policy = sub {
        $_[0]->add_signature($class->new(
            Algorithm => $domainkeys ? 'rsa-sha1' : 'rsa-sha256', Method => $method,
            Domain => $domain, Selector => $selector, Headers => join(':', @names), Key => $key,
            $domainkeys ? (Query => 'dns') : ()));
        return;
    };
    my $signer = Mail::DKIM::Signer->new(Policy => $policy);
    $signer->PRINT($message);
    $signer->CLOSE;
    my ($field) = map { $_->as_string } $signer->signatures;
    open my $out, '>:raw', $target or die "$target: $!\n";
    print {$out} $field, "\r\n", $message;
    close $out or die "$target: $!\n";
}
