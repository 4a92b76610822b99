#!/usr/bin/perl
# Writes NAME.expect beside each NAME.eml of this directory: what README.md describes.
# The signatures are Mail::DKIM's; where it strays from RFC 4870 they are the reference's.
use strict;
use warnings;
use FindBin '$Bin';
use IPC::Open2;
use MIME::Base64;
use Digest::SHA 'sha1_hex';
use Crypt::OpenSSL::RSA;
use Mail::DKIM::DkSignature;
use Mail::DKIM::PrivateKey;
use Mail::DKIM::Signer;

my $LEFT_OUT = qr/\A(?:received|return-path|dkim-signature|domainkey-signature|authentication-results
    |received-spf|arc-.*|bcc|resent-bcc|content-length|x-.*)\z/x;

sub slurp {
    my ($path) = @_;
    open my $in, '<:raw', $path or die "$path: $!\n";
    local $/;
    return scalar <$in> // '';
}

# The names to list: those that are signed, in message order, once per occurrence.
sub listed {
    my ($message) = @_;
    my ($header) = $message =~ /\A(.*?\r\n)(?:\r\n|\z)/s;
    my @names = map { lc } $header =~ /^([^\s:]+)[ \t]*:/mg;
    return grep { $_ !~ $LEFT_OUT } @names;
}

sub mail_dkim {
    my ($message, $key, $method, @names) = @_;
    my $policy = sub {
        my ($signer) = @_;
        $signer->add_signature(Mail::DKIM::DkSignature->new(
            Algorithm => 'rsa-sha1', Method => $method, Domain => 'example.com',
            Selector => $key, Query => 'dns', Headers => join(':', @names),
            Key => Mail::DKIM::PrivateKey->load(File => "$Bin/../keys/$key.pem")));
        return;
    };
    my $signer = Mail::DKIM::Signer->new(Policy => $policy);
    $signer->PRINT($message);
    $signer->CLOSE;
    my ($signature) = $signer->signatures;
    return $signature->data =~ s/\s+//gr;
}

sub hash_input {
    my ($message, $method, @names) = @_;
    my $pid = open2(my $out, my $in, "$Bin/../../judges/domainkeys-reference.py", '--input');
    binmode $_ for $in, $out;
    print {$in} "DomainKey-Signature: c=$method; h=", join(':', @names), "\r\n$message";
    close $in;
    local $/;
    my $octets = <$out>;
    waitpid $pid, 0;
    return $octets;
}

for my $path (glob "$Bin/*.eml") {
    my $message = slurp($path);
    my @names = listed($message);
    open my $out, '>:raw', $path =~ s/\.eml\z/.expect/r or die "$path: $!\n";
    print {$out} 'h ', join(':', @names), "\n";
    if (@names < 2) {
        print {$out} "refused too-few-headers\n";
        next;
    }
    for my $method (qw(simple nofws)) {
        my $octets = hash_input($message, $method, @names);
        print {$out} "sha1 $method ", sha1_hex($octets), "\n";
        for my $key (qw(rsa1024 rsa2048)) {
            my $rsa = Crypt::OpenSSL::RSA->new_private_key(slurp("$Bin/../keys/$key.pem"));
            $rsa->use_sha1_hash;
            $rsa->use_pkcs1_padding;
            my $reference = encode_base64($rsa->sign($octets), '');
            my $by = $reference eq mail_dkim($message, $key, $method, @names)
                ? 'both' : 'reference';
            print {$out} "b $method $key $by $reference\n";
        }
    }
    close $out or die "$path: $!\n";
}
