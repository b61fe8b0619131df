/** The names of demo people. They are common names of several languages, put together at random: no real person is meant. */

const split = (text: string): readonly string[] => text.trim().split(/\s+/);

export const firstNames = split(`
  Ada Adriana Agnes Aisha Alejandro Alice Amara Amélie Ana Anders Andrea Anja Anton Aria Arjun Astrid Beatriz Ben Bianca Björn
  Carla Carlos Chiara Chloé Clara Daniel David Diego Dmitri Elena Elif Elias Ella Emil Emilia Emma Enzo Erik Esra Esther
  Eva Fatima Felix Finn Fiona Frida Gabriel Giulia Grace Greta Hana Hannah Harald Henrik Hugo Ida Ines Ingrid Isabel Ivan
  Jakob Jamal Jana Jasmin Javier Joanna Johan Jonas José Julia Julien Karim Katarína Kenji Klara Lara Laura Lea Leila
  Leo León Lina Linh Louis Lucía Luís Luka Magnus Maja Malik Marco Mareike María Marie Marta Mateo Matteo Maya Mei Mia
  Milan Miriam Mohamed Nadia Naomi Nicolás Nils Nina Noah Nora Olga Oliver Omar Oscar Pablo Paula Pedro Petra Priya Rafael
  Rania Renée Ricardo Rosa Ruth Sami Samuel Sara Selma Siân Sofia Sören Stefan Tariq Theo Thiago Tomás Valentina Vera Viktor
  Wei William Yara Yusuf Zoë Zuzana
`);

export const lastNames = split(`
  Abbott Acosta Adeyemi Aguilar Ahmed Almeida Andersson Arslan Bakker Barbosa Bauer Becker Bennett Berg Bianchi Blanc Böhm
  Brandt Brooks Bruno Cabrera Campbell Cardoso Castillo Castro Chen Clarke Costa Cruz Dahl Delgado Demir Díaz Dietrich
  Dubois Duarte Eriksen Esposito Farah Fernández Ferrari Fischer Flores Foster Fournier Frank Fuchs García Gardner Garnier
  Gómez González Graf Greco Green Gupta Haas Haddad Hansen Hartmann Hassan Hayes Herrera Hoffmann Horváth Hughes Ibáñez
  Ivanov Jansen Jensen Jiménez Johansson Jones Kaplan Kaur Kaya Keller Khan Kim Kimura Klein Koch König Kovács Kowalski
  Krause Kumar Lambert Lang Larsen Laurent Lehmann Lindqvist Lombardi López Lund Marin Martínez Mayer Medina Mendes Mensah
  Meyer Moreau Moreno Moretti Morris Müller Murphy Navarro Nguyen Nielsen Novák Núñez Okafor Oliveira Ortega Ortiz Osei
  Öztürk Patel Pereira Peters Petersen Petit Popescu Quinn Ramírez Ramos Reyes Richter Rivera Roberts Romano Roth Rousseau Ruiz
  Russo Salazar Sánchez Santos Sato Schäfer Schmidt Schneider Schulz Silva Singh Sørensen Soto Suzuki Tanaka Torres Tran
  Vargas Vega Vogel Wagner Walker Weber Weiß Winter Wolf Wong Yıldız Young Zhang Zimmermann
`);

/** A language with a time zone in which many people speak it, as often as it stands here. */
export const places: readonly (readonly [language: string, timezone: string])[] = [
  ['en', 'America/New_York'],
  ['en', 'America/New_York'],
  ['en', 'America/Chicago'],
  ['en', 'America/Los_Angeles'],
  ['en', 'Europe/London'],
  ['es', 'Europe/Madrid'],
  ['es', 'America/Mexico_City'],
  ['es', 'America/Bogota'],
  ['de', 'Europe/Berlin'],
  ['fr', 'Europe/Paris'],
];

/** Area codes of North America. With 555-0100 to 555-0199 after them, the numbers are reserved for fiction. */
export const areaCodes = split(`
  201 202 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 252 253 254 256
  260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 325 330 334
  336 337 339 347 351 352 360 361 385 386 401 402 404 405 406 407 408 409 410 412 413 414 415 417 419 423 425 430 432 434
`);
