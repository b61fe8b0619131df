/**
 * Hashes as other systems write them, each made by the tool that its comment names, or published by its source.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { createPasswordHasher } from '../password-hasher.ts';

const hasher = createPasswordHasher({ queueMax: 256 });

const accented = 'pâsswörd 41';
/** 112 characters and 120 bytes, more than bcrypt uses. A space is at its end. */
const long = 'long pâssword '.repeat(8);

interface Sample {
  readonly password: string;
  readonly hash: string;
}

const samples: Readonly<Record<string, readonly Sample[]>> = {
  // npm argon2 0.45.0, which writes the parameters in the order m, p, t.
  'argon2 with another order of parameters': [
    {
      password: 'correct horse ünd',
      hash: '$argon2d$v=19$m=1024,p=2,t=3$MDEyMzQ1Njc4OWFiY2RlZg$mlXp5qvFNerGD0Ennhz4WRT7DPegkaxZCEZeiAB8+Ls',
    },
    {
      password: 'correct horse ünd',
      hash: '$argon2i$v=19$m=1024,p=2,t=3$MDEyMzQ1Njc4OWFiY2RlZg$mOuTeKgbgl2j6g0Xk9gdiH5V4CiaUBdnGm6d5F5TYGA',
    },
    {
      password: 'correct horse ünd',
      hash: '$argon2id$v=19$m=1024,p=2,t=3$MDEyMzQ1Njc4OWFiY2RlZg$TrwGQKhP/Z54iBvupcLFA99pyoRs5tzZiHUaYDmmt48',
    },
    // The same with the parameters in two further orders, and with padding.
    {
      password: 'correct horse ünd',
      hash: '$argon2id$v=19$t=3,m=1024,p=2$MDEyMzQ1Njc4OWFiY2RlZg==$TrwGQKhP/Z54iBvupcLFA99pyoRs5tzZiHUaYDmmt48=',
    },
    {
      password: 'correct horse ünd',
      hash: '$argon2id$v=19$p=2,t=3,m=1024$MDEyMzQ1Njc4OWFiY2RlZg==$TrwGQKhP/Z54iBvupcLFA99pyoRs5tzZiHUaYDmmt48',
    },
  ],
  // password_hash of PHP 8.2.36; htpasswd of apache2-utils 2.4.71 and mkpasswd of whois 5.5.17 for bcrypt.
  'PHP, Apache and mkpasswd': [
    {
      password: accented,
      hash: '$argon2id$v=19$m=65536,t=4,p=1$RVNKMkRKQzJRUGI4Nm8xUA$/aFjdmn4P45+pcE64gQfngL9dBctYc5Cu3k0VZO6CFY',
    },
    { password: accented, hash: '$2y$06$vEVTKBw.VE0YLsUnnJXKTuWAK9dfKYIGStGJulcmvSLjkgw/PToaW' },
    { password: long, hash: '$2y$06$VlbT6pSQ.Uau6PwLCf61uumYQ3F0HD/BwbElPhTFkNFz/yR2ANl0i' },
    { password: accented, hash: '$2y$06$l8ZuCzAaJPfHWf7Vvw2u6.gaFoGeOWDJhMR0pfcH3Z1x7QgAzBz72' },
    { password: accented, hash: '$2b$06$s.msdyApWWKR6Eur1YvZcu0swMmJFZn5l0par/pFKGegwNESJMXfG' },
    { password: accented, hash: '$2a$05$UVwAEfHfP9AaaYwOqkyZheJVJlEiY/rrUGkdyi9NmGUe5f1Sr9kJ6' },
  ],
  // Django 5.2.17 with bcrypt 5.0.0 and argon2-cffi 25.1.0; the rounds of bcrypt were lowered to 6.
  Django: [
    {
      password: accented,
      hash: 'pbkdf2_sha256$1000000$LbrGjygrRDAfYpOHy1OzGw$Rh7HO6yVy7KBVqlGcOqfLtqJ7yib8m7uAKYAwKH3V2Q=',
    },
    { password: accented, hash: 'pbkdf2_sha1$1000000$IQHSSiJu0sOeV7rLOekMPY$2LqtOK4/OvKdyU+IwBMYfKwQLxQ=' },
    {
      password: accented,
      hash: 'argon2$argon2id$v=19$m=102400,t=2,p=8$b0g4VXhoOVFvd0k2THQ3dzl3b0lhSA$fizuhj5nGPeYWgf6UuwQroIShxzsm4l2bBHjbWHaoCY',
    },
    {
      password: accented,
      hash: 'bcrypt_sha256$$2b$06$IDnFDlaLfd4i1oQsM.yf8eHS6PWdJWMQN0itw6MnfZH0zbUKkfIkW',
    },
    { password: long, hash: 'bcrypt_sha256$$2b$06$X3epXeeMlNdpdANi832IjOhYVguK80E5Ek01hX4bTpZj6bDPbeO9u' },
    { password: accented, hash: 'bcrypt$$2b$06$1xdIz2fNdDw/KlsLb/onCORF4RD7IwInmluI//DBIWHW2nCU9WnYG' },
    {
      password: accented,
      hash: 'scrypt$16384$eAd3UeD0sV2VfqTb4a9KT2$8$5$AZz7A8ddFBdOOLmwNJr5w9PqKVxcY6gH02pf8pTo+4R9h/Q9Cr53178t6lUp8lQQyUuZaWZJRcgcEo/3R51NEA==',
    },
  ],
  // The first four are in the reference of Spring Security; `{argon2}` is in the tests of its Argon2PasswordEncoder. The
  // last three have the parameters of `defaultsForSpringSecurity_v5_8`, and were computed by Java 17.0.15
  // (PBKDF2WithHmacSHA256), by scrypt of OpenSSL, and by the argon2 command of the reference implementation.
  Spring: [
    {
      password: 'password',
      hash: '{sha256}97cde38028ad898ebc02e690819fa220e88c62e0699403e94fff291cfffaf8410849f27605abcbc0',
    },
    { password: 'password', hash: '{bcrypt}$2a$10$dXJ3SW6G7P50lGmMkkmwe.20cQQubK3.HZWzG3YB1tlRy.fqvM/BG' },
    {
      password: 'password',
      hash: '{pbkdf2}5d923b44a6d129f3ddf3e3c8d29412723dcbde72445e8ef6bf3b508fbf17fa4ed4d6b99ca763d8dc',
    },
    // Spring reads hex digits in both cases.
    {
      password: 'password',
      hash: '{pbkdf2}5D923B44A6D129F3DDF3E3C8D29412723DCBDE72445E8EF6BF3B508FBF17FA4ED4D6B99CA763D8DC',
    },
    {
      password: 'password',
      hash: '{scrypt}$e0801$8bWJaSu2IKSn9Z9kM+TPXfOc/9bdYSrN1oD9qfVThWEwdRTnO7re7Ei+fUZRJ68k9lTyuTeUp4of4g24hHnazw==$OAOec05+bXxvuu/1qZ6NUR+xQYvYv7BeL1QxwRpY5Pc=',
    },
    {
      password: 'sometestpassword',
      hash: '{argon2}$argon2id$v=19$m=4096,t=3,p=1$QUFBQUFBQUFBQUFBQUFBQQ$hmmTNyJlwbb6HAvFoHFWF+u03fdb0F2qA+39oPlcAqo',
    },
    // The id of Spring before a hash of slappasswd.
    { password: accented, hash: '{ldap}{SSHA}sQfFuhdqaLUX7tlMFByI2YAiNQqNsUr2' },
    {
      password: accented,
      hash: '{pbkdf2@SpringSecurity_v5_8}3031323334353637383961626364656654923a28b2a8726335da0502edbca6e5c43e4c624307eb72da02f0ae4432ed71',
    },
    {
      password: accented,
      hash: '{scrypt@SpringSecurity_v5_8}$100801$MDEyMzQ1Njc4OWFiY2RlZg==$q9NxKU0vzi/u8i9zSn8Mc72zpGYVFybigVCG/2thWis=',
    },
    {
      password: accented,
      hash: '{argon2@SpringSecurity_v5_8}$argon2id$v=19$m=16384,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$DkXDGTfuGlNpn68K2IFxODltD0kCGfu/tHK/70KBC4w',
    },
  ],
  // Made in PHP 8.2.36 with the statement of `wp_hash_password` of WordPress 6.8, with a cost of 6.
  'WordPress 6.8': [
    { password: accented, hash: '$wp$2y$06$b9Y0sRSIEdvYQXwPavbqceWPZX1vdeRwe.tRMoaLqvMNQBaURhBHm' },
    // WordPress takes the space at the end off, in both uses.
    { password: long, hash: '$wp$2y$06$VB.pcssNy/WNfb/263MM/e6wRxLzMY6i0yd9feY73VqsZdERyy6bS' },
    { password: long.trim(), hash: '$wp$2y$06$VB.pcssNy/WNfb/263MM/e6wRxLzMY6i0yd9feY73VqsZdERyy6bS' },
  ],
  // passlib 1.7.4; the last one is in the test of phpass itself.
  phpass: [
    { password: accented, hash: '$P$9PMfAWSvmbD5GBGIGONyY85TTlmUuc.' },
    { password: accented, hash: '$P$En3GIQdBGAyKfiWqjd65uGpnxnlzgB/' },
    { password: accented, hash: '$H$6mSyi.79A5O7JAhqWy16qRuVS/yZZU1' },
    // WordPress before 6.8 stored the password without the spaces around it.
    { password: ` ${accented}\n`, hash: '$H$6mSyi.79A5O7JAhqWy16qRuVS/yZZU1' },
    { password: 'test12345', hash: '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0' },
  ],
  // Werkzeug 3.1.9.
  Werkzeug: [
    {
      password: accented,
      hash: 'scrypt:32768:8:1$Ocs4QCPFU5HmoMU6$c94aab61861f0870f5687215784c95bf34527fe578f9c22eab8a4480e793f3d0679bc027d8fdd265faf43ed079e51c368f6870c57469e0ebfd2851e8c90654d1',
    },
    {
      password: accented,
      hash: 'scrypt:16384:8:2$nOguA1g8BRs6XskI$0b67ac63f518793f6ac4b644941294e549fa617e11c9600bfe107a271e77626518d02458c4b3c002d5c99a0d51eb20c4d6c8512028e3f4fb6aadd83f7a3ae329',
    },
    {
      password: accented,
      hash: 'pbkdf2:sha256:1000000$9Kicj3MPJh4i4Ban$367467710133a72ec4865651ce1d88806ff68021c257b927500b8d6a65acfb66',
    },
    {
      password: accented,
      hash: 'pbkdf2:sha1:1000$ylntahoEXVOeYwa4$65008dc461d329a542be9005159d1113c0d12bec',
    },
    {
      password: accented,
      hash: 'pbkdf2:sha512:1000$gLbFHCLCJajbIw8R$7aebf167476d3960c0de1c5bb9603664486912b56b5492ce845e26a4a0e38eb9932c9697ad63d989d45bc639b8ef7e28c970b558e6e6a91ebb7ce8522808e653',
    },
  ],
  // The tests of ASP.NET Core Identity (PasswordHasherTest). The first one is of Identity 2.
  'ASP.NET Core Identity': [
    { password: 'my password', hash: 'AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==' },
    { password: 'my password', hash: 'AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M' },
    {
      password: 'my password',
      hash: 'AQAAAAEAA9CQAAAAIESkQuj2Du8Y+kbc5lcN/W/3NiAZFEm11P27nrSN5/tId+bR1SwV8CO1Jd72r4C08OLvplNlCDc3oQZ8efcW+jQ=',
    },
    { password: 'my password', hash: 'AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw' },
    {
      password: 'my password',
      hash: 'AQAAAAIAAAD6AAAAIJbVi5wbMR+htSfFp8fTw8N8GOS/Sje+S/4YZcgBfU7EQuqv4OkVYmc4VJl9AGZzmRTxSkP7LtVi9IWyUxX8IAAfZ8v+ZfhjCcudtC1YERSqE1OEdXLW9VukPuJWBBjLuw==',
    },
    {
      password: 'my password',
      hash: 'AQAAAAIAAYagAAAAEAABAgMEBQYHCAkKCwwNDg/Q8A0WMKbtHQJQ2DHCdoEeeFBrgNlldq6vH4qX/CGqGQ==',
    },
  ],
  // slappasswd of OpenLDAP 2.5.13 with its modules pw-sha2 and argon2; passlib 1.7.4 for the last one.
  LDAP: [
    { password: accented, hash: '{SSHA}sQfFuhdqaLUX7tlMFByI2YAiNQqNsUr2' },
    { password: accented, hash: '{ssha}sQfFuhdqaLUX7tlMFByI2YAiNQqNsUr2' },
    { password: accented, hash: '{SSHA256}yM8d1CJ5bP2U24Wul4MvBqGIWW1a9/bpQpU08/V0PAVvtnv+ARZuqw==' },
    {
      password: accented,
      hash: '{SSHA384}ifq2nvyEtiJi3AUL16WqCiSZ2qJWRBhWXPDjPqNyfGrKY/z1y1Q6LrZKiTecd00A8Eggqd9rpvI=',
    },
    {
      password: accented,
      hash: '{SSHA512}eZHttBgz9a32AlJ9BYOblcp1LXgqvuSHquWlUjPXOiJOOb/c01wEvFnJwyLdjUFHSMN32noOqjAsN9zJZaRPZ8CpZJVPfoQk',
    },
    {
      password: accented,
      hash: '{ARGON2}$argon2i$v=19$m=4096,t=3,p=1$x+Px0uShRDiC6wblmTz1EA$6Mkyj6G0+TGegmwq9VaoGSmPS9omG3Mp+F9J4OHHTy4',
    },
    {
      password: accented,
      hash: '{CRYPT}$6$CRbTteMi.CjmeYy.$VrbcpKre/xV6VCLlo6xEt3q.OooQD4E7hDUk5jo6m8C9nNRd8wFZVu/puvg/4Nt7JrDmNNVC36gG39217Z7fb1',
    },
    {
      password: accented,
      hash: '{PBKDF2-SHA256}1000$4BwjpBTC.B8jxHgPgdA65w$6iBIhUjFr0QI40u3yqpIcZav..xpiI/dCsSK7tMWp9g',
    },
  ],
  // mkpasswd of whois 5.5.17 with libxcrypt; passlib 1.7.4 for the last one.
  'SHA-crypt': [
    {
      password: accented,
      hash: '$6$28ERc.1D9KNTFR1Z$/pobhbGWA81IUGP3J8b8ivRmC89bH9T55w9P1hL1Esjk7zvU47sFH695CLjpsrErjDcPhmwqbheXhR9pb8i5h/',
    },
    {
      password: accented,
      hash: '$6$rounds=10000$C7Q6aC4SmoibL0Wn$ncV64y4p28S/xEeIqB1jM0iA8x./ncjXva2B82w1Mh80KGtTjVD1zy0iH/pf3lMPSVP68i9ZubT.HDf4IT9Me/',
    },
    {
      password: long,
      hash: '$6$f6QoJFcevjqrSb68$VFN21UxvLZaZJk01gDDtUsJ.XLXu6Sour1Ex12vLNf1AcgfSSHCRC4wGoBf9F/oay34a7GhqZnoBGJ6GJxprG.',
    },
    { password: accented, hash: '$5$2sPJN8ritc4tNGrV$xXQOVOVPaS1lDYavgyg2/YrW0UhNW/k2JQO62AjoWF3' },
    {
      password: 'x'.repeat(150),
      hash: '$6$WqdK2AC4yA0OAMwy$uAE5gU5Hn0QMeKcvve24FGC9ZoVaD1Cb3eWPb0StGCvj0rOoQOpLPJ892Dw6ArbkAyGNVX0yF1u7.3PcJhYIM1',
    },
  ],
};

for (const [source, list] of Object.entries(samples)) {
  describe(`a hash of ${source} verifies its password and no other`, () => {
    for (const { password, hash } of list) {
      test(hash.slice(0, 32), async () => {
        assert.equal(hasher.isKnown(hash), true);
        assert.equal(await hasher.verify(password, hash), true);
        assert.equal(await hasher.verify(`!${password}`, hash), false);
        assert.equal(hasher.isOutdated(hash), true);
      });
    }
  });
}

test('the event loop runs while hashes that are computed in JavaScript are verified', async () => {
  const costly = [
    '$6$rounds=300000$28ERc.1D9KNTFR1Z$/pobhbGWA81IUGP3J8b8ivRmC89bH9T55w9P1hL1Esjk7zvU47sFH695CLjpsrErjDcPhmwqbheXhR9pb8i5h/',
    '$P$En3GIQdBGAyKfiWqjd65uGpnxnlzgB/',
  ];
  for (const hash of costly) {
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 2);
    await hasher.verify('another', hash);
    clearInterval(timer);
    assert.ok(ticks >= 5, `only ${ticks} turns`);
  }
});

test('a thread that checks passwords does not keep the process alive', async () => {
  const script = `
    import { createPasswordHasher } from ${JSON.stringify(new URL('../password-hasher.ts', import.meta.url).href)};
    const hash = '$H$6mSyi.79A5O7JAhqWy16qRuVS/yZZU1';
    console.log(await createPasswordHasher({ queueMax: 1 }).verify('${accented}', hash));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
    timeout: 60_000,
  });
  assert.equal(stdout, 'true\n');
});
